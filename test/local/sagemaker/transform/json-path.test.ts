import { describe, expect, it } from 'vitest';
import { applyJsonPath, isPositional, parseJsonPath } from '#local/sagemaker/transform/json-path.ts';

const RECORD = { id: 7, features: [10, 20, 30, 40], nested: { a: { b: 'deep' }, 'odd name': 1 } };

describe('a JSONPath', () => {
  it.each<[string, unknown]>([
    ['$', RECORD],
    ['$.id', 7],
    ['$.features[0]', 10],
    ['$.features[-1]', 40],
    ['$.features[1:]', [20, 30, 40]],
    ['$.features[:2]', [10, 20]],
    ['$.features[1:3]', [20, 30]],
    ['$.features[-2:]', [30, 40]],
    ['$.features[0,2:]', [10, 30, 40]],
    ['$.features[0,-1]', [10, 40]],
    ['$.features[*]', [10, 20, 30, 40]],
    ['$.features[9:]', []],
    ["$['id','features']", { id: 7, features: [10, 20, 30, 40] }],
    ['$["id"]', 7],
    ['$.nested.a.b', 'deep'],
    ["$.nested['odd name']", 1],
    ['$.nested.*', [{ b: 'deep' }, 1]],
  ])('%s', (source, expected) => {
    expect(applyJsonPath(parseJsonPath(source), RECORD)).toEqual(expected);
  });

  it.each(['', 'id', '$id', '$.', '$[', '$[1', '$[a]', '$[1:2:3]', '$..id', '$[?(@.id)]', '$[]', "$['a',1]"])(
    '%s is not understood',
    (source) => {
      expect(() => parseJsonPath(source)).toThrow(expect.objectContaining({ name: 'JsonPathError' }));
    },
  );

  it.each(['$.missing', '$.features[4]', '$.features[-5]', '$.id[0]', '$.id.*', '$.__proto__'])(
    '%s finds nothing',
    (source) => {
      expect(() => applyJsonPath(parseJsonPath(source), RECORD)).toThrow(
        expect.objectContaining({ name: 'JsonPathError' }),
      );
    },
  );

  it('fits CSV only with positions', () => {
    expect(['$', '$[0]', '$[1:]', '$[*]', '$[0,-1]'].map((source) => isPositional(parseJsonPath(source)))).toEqual(
      Array(5).fill(true),
    );
    expect(['$.a', '$[0].a', '$[0][1]'].map((source) => isPositional(parseJsonPath(source)))).toEqual([
      false,
      false,
      false,
    ]);
  });
});
