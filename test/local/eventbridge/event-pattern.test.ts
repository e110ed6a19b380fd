import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileEventPattern } from '#local/eventbridge/event-pattern.ts';
import { isRecord, type Json } from '#local/eventbridge/json.ts';

const matches = (pattern: unknown, event: unknown): boolean =>
  compileEventPattern(JSON.stringify(pattern))(event as Json);

describe('a pattern', () => {
  const nested = {
    detail: {
      items: [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
      ],
    },
  };

  it.each<[title: string, pattern: unknown, event: unknown, expected: boolean]>([
    ['matches an equal text', { a: ['x'] }, { a: 'x' }, true],
    ['needs only one of the alternatives', { a: ['y', 'x'] }, { a: 'x' }, true],
    ['needs every field', { a: ['x'], b: ['y'] }, { a: 'x', b: 'z' }, false],
    ['ignores the event’s other fields', { a: ['x'] }, { a: 'x', b: 1 }, true],
    ['compares texts with their case', { a: ['X'] }, { a: 'x' }, false],
    ['tells a number from its text', { a: [1] }, { a: '1' }, false],
    ['takes 1.0 for 1', { a: [1] }, { a: 1.0 }, true],
    ['takes 1e3 for 1000', { a: [1e3] }, { a: 1000 }, true],
    ['matches a boolean', { a: [false] }, { a: false }, true],
    ['tells false from its text', { a: [false] }, { a: 'false' }, false],
    ['matches an empty text', { a: [''] }, { a: '' }, true],
    ['matches null', { a: [null] }, { a: null }, true],
    ['does not take a missing field for null', { a: [null] }, {}, false],
    ['does not take an empty text for null', { a: [null] }, { a: '' }, false],
    ['looks into objects', { d: { e: ['x'] } }, { d: { e: 'x' } }, true],
    ['does not find a text where an object is', { d: ['x'] }, { d: { x: 'x' } }, false],
    ['does not find an object where a text is', { d: { e: ['x'] } }, { d: 'x' }, false],
    ['needs one common element of an array', { a: ['x', 'y'] }, { a: ['z', 'y'] }, true],
    ['fails without a common element', { a: ['x'] }, { a: ['y', 'z'] }, false],
    ['fails on an empty array', { a: ['x'] }, { a: [] }, false],
    ['looks into arrays of arrays', { a: ['x'] }, { a: [['y'], ['x']] }, true],
    ['matches where one object of an array has all', { detail: { items: { k: ['a'], v: [1] } } }, nested, true],
    ['fails where two objects share it', { detail: { items: { k: ['a'], v: [2] } } }, nested, false],
    ['does not see what objects inherit', { constructor: { name: [{ exists: true }] } }, {}, false],
  ])('%s', (_title, pattern, event, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });
});

describe('an operator', () => {
  it.each<[operator: unknown, value: unknown, expected: boolean]>([
    [{ prefix: 'ab' }, 'abc', true],
    [{ prefix: 'ab' }, 'xab', false],
    [{ prefix: 'ab' }, 12, false],
    [{ prefix: { 'equals-ignore-case': 'AB' } }, 'abc', true],
    [{ suffix: '.csv' }, 'a.csv', true],
    [{ suffix: '.csv' }, 'a.csv.gz', false],
    [{ suffix: { 'equals-ignore-case': '.CSV' } }, 'a.csv', true],
    [{ 'equals-ignore-case': 'Alice' }, 'aLICE', true],
    [{ 'equals-ignore-case': 'Alice' }, 'alic', false],
    [{ 'anything-but': 'x' }, 'y', true],
    [{ 'anything-but': 'x' }, 'x', false],
    [{ 'anything-but': 'x' }, undefined, false],
    [{ 'anything-but': ['x', 'y'] }, 'y', false],
    [{ 'anything-but': [1, 2] }, 3, true],
    [{ 'anything-but': 1 }, '1', true],
    [{ 'anything-but': 'x' }, ['x', 'y'], true],
    [{ 'anything-but': 'x' }, ['x', 'x'], false],
    [{ 'anything-but': 'x' }, [], false],
    [{ 'anything-but': { prefix: 'init' } }, 'initial', false],
    [{ 'anything-but': { prefix: ['a', 'b'] } }, 'c', true],
    [{ 'anything-but': { prefix: ['a', 'b'] } }, 'bc', false],
    [{ 'anything-but': { suffix: '.txt' } }, 'a.csv', true],
    [{ 'anything-but': { 'equals-ignore-case': ['A', 'B'] } }, 'b', false],
    [{ 'anything-but': { wildcard: '*/lib/*' } }, 'a/lib/b', false],
    [{ 'anything-but': { wildcard: ['*.a', '*.b'] } }, 'x.c', true],
    [{ numeric: ['=', 3] }, 3, true],
    [{ numeric: ['=', 3] }, '3', false],
    [{ numeric: ['>', 0] }, 0, false],
    [{ numeric: ['>=', 0] }, 0, true],
    [{ numeric: ['<', -1.5] }, -2, true],
    [{ numeric: ['<=', 5] }, 5.1, false],
    [{ numeric: ['>', 0, '<=', 5] }, 5, true],
    [{ numeric: ['>', 0, '<', 5] }, 5, false],
    [{ exists: true }, 'x', true],
    [{ exists: true }, null, true],
    [{ exists: true }, undefined, false],
    [{ exists: true }, { b: 1 }, false],
    [{ exists: true }, [], false],
    [{ exists: false }, undefined, true],
    [{ exists: false }, null, false],
    [{ exists: false }, 'x', false],
    [{ cidr: '10.0.0.0/24' }, '10.0.0.255', true],
    [{ cidr: '10.0.0.0/24' }, '10.0.1.0', false],
    [{ cidr: '10.0.0.0/24' }, 'ten', false],
    [{ cidr: '10.0.0.0/24' }, '::1', false],
    [{ cidr: '2001:db8::/32' }, '2001:db8::1', true],
    [{ cidr: '0.0.0.0/0' }, '255.255.255.255', true],
    [{ wildcard: 'dir/*.png' }, 'dir/sub/a.png', true],
    [{ wildcard: 'dir/*.png' }, 'dir/a.jpg', false],
    [{ wildcard: '*' }, '', true],
    [{ wildcard: 'a*a' }, 'a', false],
    [{ wildcard: 'a*b*c' }, 'a-b-b-c', true],
    [{ wildcard: 'a*b*c' }, 'a-c-b', false],
    [{ wildcard: '5\\*3' }, '5*3', true],
    [{ wildcard: '5\\*3' }, '5-3', false],
    [{ wildcard: 'c:\\\\*' }, 'c:\\dir', true],
    [{ wildcard: 'a.c' }, 'abc', false],
  ])('%j on %j gives %s', (operator, value, expected) => {
    expect(matches({ a: [operator] }, value === undefined ? {} : { a: value })).toBe(expected);
  });

  it('exists: false holds where a parent is missing, and not where one object of an array has the field', () => {
    expect(matches({ d: { e: [{ exists: false }] } }, {})).toBe(true);
    expect(matches({ d: { e: [{ exists: false }] } }, { d: [{ e: 1 }, { f: 2 }] })).toBe(false);
  });

  it('can be an alternative to a value', () => {
    const pattern = { a: ['x', { prefix: 'y' }, { exists: false }] };

    expect([{ a: 'x' }, { a: 'yz' }, {}, { a: 'z' }].map((event) => matches(pattern, event))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});

describe('$or', () => {
  const pattern = { source: ['s'], detail: { $or: [{ a: [1] }, { b: [2], c: [3] }] } };

  it.each([
    [{ source: 's', detail: { a: 1 } }, true],
    [{ source: 's', detail: { b: 2, c: 3 } }, true],
    [{ source: 's', detail: { b: 2 } }, false],
    [{ source: 'other', detail: { a: 1 } }, false],
  ])('on %j gives %s', (event, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });
});

describe('an invalid pattern', () => {
  it.each([
    ['{"a":', /it is not JSON/],
    ['[]', /the pattern: must be an object/],
    ['{}', /the pattern: must be an object with at least one field/],
    ['{"a":"x"}', /a: must be an object or a non-empty array/],
    ['{"a":[]}', /a: must be an object or a non-empty array/],
    ['{"a":{}}', /a: must be an object with at least one field/],
    ['{"a":[["x"]]}', /a: an alternative must not be an array/],
    ['{"a":[{"regex":"x"}]}', /a: unrecognized operator "regex"/],
    ['{"a":[{"constructor":"x"}]}', /unrecognized operator "constructor"/],
    ['{"a":[{}]}', /unrecognized operator ""/],
    ['{"a":[{"prefix":"x","suffix":"y"}]}', /only one operator is allowed/],
    ['{"a":[{"prefix":1}]}', /prefix must be a string/],
    ['{"a":[{"numeric":[">"]}]}', /numeric must be/],
    ['{"a":[{"numeric":[">",1,"<"]}]}', /numeric must be/],
    ['{"a":[{"numeric":["<",1,">",0]}]}', /numeric must be/],
    ['{"a":[{"numeric":[">","1"]}]}', /numeric compares with numbers only/],
    ['{"a":[{"numeric":[">",5,"<",5]}]}', /lower bound must be below/],
    ['{"a":[{"exists":"true"}]}', /exists must be true or false/],
    ['{"a":[{"anything-but":[]}]}', /anything-but must be/],
    ['{"a":[{"anything-but":["x",1]}]}', /not mixed/],
    ['{"a":[{"anything-but":{"exists":true}}]}', /anything-but takes one of prefix/],
    ['{"a":[{"anything-but":{"prefix":""}}]}', /non-empty string/],
    ['{"a":[{"cidr":"10.0.0.0"}]}', /cidr must be/],
    ['{"a":[{"cidr":"10.0.0.0/33"}]}', /cidr must be/],
    ['{"a":[{"wildcard":"a**b"}]}', /two \* must not follow each other/],
    ['{"a":[{"wildcard":"a\\\\b"}]}', /a backslash must stand before/],
    ['{"$or":[{"a":[1]}]}', /\$or: must be an array of at least two/],
  ])('%s is refused', (pattern, reason) => {
    expect(() => compileEventPattern(pattern)).toThrow(
      expect.objectContaining({ name: 'InvalidEventPatternException', message: expect.stringMatching(reason) }),
    );
  });

  it('is refused with all of its mistakes and where they are', () => {
    const compile = () => compileEventPattern('{"source":"x","detail":{"state":[{"exists":1}]}}');

    expect(compile).toThrow(/source: must be .*; detail\.state: exists must be/);
  });

  it('is refused when it is too long', () => {
    expect(() => compileEventPattern(JSON.stringify({ a: ['x'.repeat(4096)] }))).toThrow(/longer than 4096 characters/);
  });
});

describe('any event', () => {
  const leaf = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  );
  const field = fc.string({ minLength: 1, maxLength: 5 }).filter((key) => key !== '$or' && key !== '__proto__');
  const event = fc.letrec<{ object: Record<string, unknown>; value: unknown }>((tie) => ({
    object: fc.dictionary(field, tie('value'), { minKeys: 1, maxKeys: 4 }),
    value: fc.oneof({ maxDepth: 3 }, leaf, leaf, fc.array(leaf, { minLength: 1, maxLength: 3 }), tie('object')),
  })).object;

  const patternOf = (value: unknown): unknown =>
    isRecord(value)
      ? Object.fromEntries(Object.entries(value).map(([key, child]) => [key, patternOf(child)]))
      : Array.isArray(value)
        ? value
        : [value];

  it('is matched by the pattern of its own values', () => {
    fc.assert(
      fc.property(event, (value) => {
        const pattern = JSON.stringify(patternOf(value));
        fc.pre(pattern.length <= 4096);
        expect(compileEventPattern(pattern)(JSON.parse(JSON.stringify(value)))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is not matched once one of its leaves must be another', () => {
    fc.assert(
      fc.property(event, field, (value, extra) => {
        fc.pre(!Object.hasOwn(value, extra));
        const pattern = JSON.stringify({ ...(patternOf(value) as object), [extra]: ['x'] });
        fc.pre(pattern.length <= 4096);
        expect(compileEventPattern(pattern)(JSON.parse(JSON.stringify(value)))).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});
