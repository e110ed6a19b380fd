import { describe, expect, it } from 'vitest';
import { exactNumber, hasNumber, parseExact, plainJson } from '#shared/json/exact-json.ts';
import { ExactValue } from '#shared/json/exact-value.ts';

describe('parseExact', () => {
  it.each([
    '1.0',
    '9007199254740993',
    '12345678901234567890',
    '1e-7',
    '-0.50',
    '1E5',
    '[1.10,{"a":-0.0}]',
    '"1.0"',
    '7',
  ])('keeps %s as it is written', (text) => {
    expect(JSON.stringify(parseExact(text))).toBe(text);
  });

  it("gives JavaScript's numbers where they are written no differently", () => {
    expect(parseExact('{"a":[1,0.5,-3]}')).toEqual({ a: [1, 0.5, -3] });
    expect(exactNumber('5')).toBe(5);
    expect(plainJson(parseExact('{"a":1.0}'))).toEqual({ a: 1 });
  });

  it('is looked into for numbers', () => {
    expect([1, parseExact('1.0'), [{ a: 1 }], { a: 'x' }, null].map(hasNumber)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('ExactValue', () => {
  const told = (value: unknown) => ExactValue.safeParse(value).error?.issues.map(({ message }) => message);

  it('takes every value of JSON', () => {
    expect(told(parseExact('{"a":[1.0,null,true,"x",12345678901234567890,1e-300]}'))).toBeUndefined();
  });

  it('says what is no number', () => {
    expect(told(parseExact('{"gitsha":61e9540}'))).toEqual([
      '61e9540 is read as a number, and is larger than any that a float holds. Put it in quotes if it is a text.',
    ]);
    expect(told(parseExact('1e-999'))).toEqual([expect.stringContaining('smaller than any')]);
    expect(told(Number.POSITIVE_INFINITY)).toEqual([expect.stringContaining('Infinity')]);
    expect(told({ a: undefined })).toEqual(['is missing']);
  });
});
