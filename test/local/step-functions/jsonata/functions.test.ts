import { describe, expect, it } from 'vitest';
import { evaluate } from '#local/step-functions/jsonata/evaluate.ts';

describe('the functions of Step Functions', () => {
  it.each([
    ['$partition([1,2,3,4,5], 2)', [[1, 2], [3, 4], [5]]],
    ['$partition([1,2], 5)', [[1, 2]]],
    ['$partition([1,2,3], 1.9)', [[1], [2], [3]]],
    ['$partition([1,2], 0)', undefined],
    ['$partition([], 2)', undefined],
    ['$range(1, 5, 2)', [1, 3, 5]],
    ['$range(1, 6, 2)', [1, 3, 5]],
    ['$range(3, 1, -1)', [3, 2, 1]],
    ['$range(1.9, 3.9, 1.9)', [1, 2, 3]],
    ['$range(1, 5, -1)', undefined],
    ['$range(1, 5, 0)', undefined],
    ['$range(1, 5)', undefined],
    ['$range(7, 7, 1)', 7],
    ["$hash('a', 'MD5')", '0cc175b9c0f1b6a831c399e269772661'],
    ["$hash('a', 'SHA-1')", '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8'],
    ["$hash('a', 'SHA-256')", 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'],
    ["$length($hash('a', 'SHA-384'))", 96],
    ["$length($hash('a', 'SHA-512'))", 128],
    ["$hash('a')", undefined],
    ['$random(7) = $random(7.9)', true],
    ['$random(7) = $random(8)', false],
    ['$random() < 1', true],
    ['$parse(\'{"a":[1,null]}\')', { a: [1, null] }],
    ['$parse($nothing)', undefined],
  ])('%s', async (source, expected) => {
    const value = await evaluate(source, {});

    expect(value).toEqual(expected);
  });

  it('makes a new version 4 UUID every time', async () => {
    const [one, other] = (await evaluate('[$uuid(), $uuid()]', {})) as [string, string];

    expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(other).not.toBe(one);
  });

  it.each([
    ["$hash('a', 'sha-256')", /must be one of MD5, SHA-1/],
    ["$hash('a', 'constructor')", /must be one of/],
    ['$hash(1, "MD5")', /Argument 1 of function "hash" must be a string/],
    ["$parse('{')", /is not JSON/],
    ['$partition([1], -1)', /must not be negative/],
    ['$range(1, 100000000, 1)', /more than 1000000/],
    ["$eval('1+1')", /T1006/],
  ])('%s fails', async (source, message) => {
    await expect(evaluate(source, {})).rejects.toMatchObject({
      name: 'JsonataError',
      message: expect.stringMatching(message),
    });
  });
});
