import { expect, it } from 'vitest';
import { dimensions } from '#functions/pipeline/announce-run/dimensions.ts';

const runUri = 's3://bucket/team/runs/flights/run-1/';

it.each([
  [
    { runUri, input: {} },
    { pipeline: 'flights', mode: 'full' },
  ],
  [
    { runUri, input: { pipeline: 'flights', mode: 'score' } },
    { pipeline: 'flights', mode: 'score' },
  ],
  [
    { runUri: null, input: { pipeline: 'nightly', mode: 'train' } },
    { pipeline: 'nightly', mode: 'train' },
  ],
  [
    { runUri: null, input: { pipeline: '../nightly', mode: 'all' } },
    { pipeline: 'unknown', mode: 'full' },
  ],
  [
    { runUri: null, input: 'flights' },
    { pipeline: 'unknown', mode: 'full' },
  ],
])('counts %j as a run of %j', (run, expected) => {
  expect(dimensions(run)).toEqual(expected);
});
