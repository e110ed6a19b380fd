import { describe, expect, it } from 'vitest';
import type { EventBridgeEvent } from '#local/eventbridge/event.ts';
import { checkInputShape, type InputShape, targetInput } from '#local/eventbridge/target-input.ts';

const RULE = { Name: 'jobs', Arn: 'arn:aws:events:eu-central-1:000000000000:rule/jobs' };

const EVENT: EventBridgeEvent = {
  version: '0',
  id: 'id-1',
  'detail-type': 'Job',
  source: 'test',
  account: '000000000000',
  time: '2026-01-01T00:00:00Z',
  region: 'eu-central-1',
  resources: ['arn:1'],
  detail: { name: 'say "hi"', count: 3, ok: true, none: null, list: [1, 'a'], deep: { 'odd key': [{ x: 7 }] } },
};

const shaped = (shape: InputShape): string => targetInput(shape, EVENT, RULE);

const transformed = (InputTemplate: string, InputPathsMap: Record<string, string> = {}): string => {
  const shape = { InputTransformer: { InputTemplate, InputPathsMap } };
  expect(checkInputShape(shape)).toEqual([]);
  return shaped(shape);
};

describe('the input of a target', () => {
  it('is the event unless the target shapes it', () => {
    expect(JSON.parse(shaped({}))).toEqual(EVENT);
  });

  it('may be a constant', () => {
    expect(shaped({ Input: '{"mode":"full"}' })).toBe('{"mode":"full"}');
  });

  it.each([
    ['$', EVENT],
    ['$.detail.count', 3],
    ['$.resources[0]', 'arn:1'],
    ["$.detail.deep['odd key'][0].x", 7],
    ['$.detail-type', 'Job'],
    ['$.detail.missing', null],
    ['$.detail.constructor', null],
  ])('may be what is at %s', (InputPath, expected) => {
    expect(JSON.parse(shaped({ InputPath }))).toEqual(expected);
  });
});

describe('a template', () => {
  it('takes values with their JSON types, and texts escaped within strings', () => {
    const template = '{"name": <name>, "count": <count>, "ok": <ok>, "list": <list>, "text": "<name> x <count>"}';
    const paths = { name: '$.detail.name', count: '$.detail.count', ok: '$.detail.ok', list: '$.detail.list' };

    expect(JSON.parse(transformed(template, paths))).toEqual({
      name: 'say "hi"',
      count: 3,
      ok: true,
      list: [1, 'a'],
      text: 'say "hi" x 3',
    });
  });

  it('may be a single string', () => {
    expect(transformed('"<source>: <list>"', { source: '$.source', list: '$.detail.list' })).toBe('"test: [1,a]"');
  });

  it('knows the reserved variables', () => {
    const template = '{"rule": <aws.events.rule-name>, "arn": "<aws.events.rule-arn>", "all": <aws.events.event.json>}';

    expect(JSON.parse(transformed(template))).toEqual({ rule: 'jobs', arn: RULE.Arn, all: EVENT });
  });

  it('puts an empty text where the event has no value', () => {
    expect(transformed('{"a": <a>, "b": "<a>"}', { a: '$.detail.missing' })).toBe('{"a": "", "b": ""}');
  });
});

describe('a shape with a mistake', () => {
  it.each<[InputShape, RegExp]>([
    [{ Input: '{}', InputPath: '$' }, /^only one of Input and InputPath may be given$/],
    [{ Input: 'plain' }, /^Input is not JSON$/],
    [{ InputPath: 'detail' }, /^InputPath: "detail" is not a path/],
    [{ InputPath: '$.detail[*]' }, /^InputPath: .* is not a path/],
    [{ InputPath: '$..x' }, /^InputPath: .* is not a path/],
    [
      { InputTransformer: { InputTemplate: '{"a": <a>}' } },
      /^InputTemplate names <a>, which InputPathsMap does not define$/,
    ],
    [{ InputTransformer: { InputTemplate: 'job <aws.events.rule-name>' } }, /^InputTemplate is not JSON/],
    [{ InputTransformer: { InputTemplate: '"x"', InputPathsMap: { a: 'a' } } }, /^InputPathsMap\.a: "a" is not a path/],
  ])('%j is refused', (shape, problem) => {
    expect(checkInputShape(shape)).toEqual([expect.stringMatching(problem)]);
  });
});
