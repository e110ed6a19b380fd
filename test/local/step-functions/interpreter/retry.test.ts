import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesError, retryDelaySeconds } from '#local/step-functions/interpreter/retry.ts';

describe('the delay before a retry', () => {
  it.each([
    [{}, [1, 2, 4]],
    [{ IntervalSeconds: 3, BackoffRate: 1 }, [3, 3, 3]],
    [{ IntervalSeconds: 2, BackoffRate: 3, MaxDelaySeconds: 5 }, [2, 5, 5]],
  ])('%o grows as %j', (rule, delays) => {
    const computed = [0, 1, 2].map((retries) => retryDelaySeconds({ ErrorEquals: ['States.ALL'], ...rule }, retries));

    expect(computed).toEqual(delays);
  });

  it('lies anywhere between nothing and the capped delay with full jitter', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.nat(10),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (seconds, retries, random) => {
          const rule = { ErrorEquals: ['States.ALL'], IntervalSeconds: seconds, MaxDelaySeconds: 50 };

          const jittered = retryDelaySeconds({ ...rule, JitterStrategy: 'FULL' }, retries, () => random);

          expect(jittered).toBeCloseTo(retryDelaySeconds(rule, retries) * random);
        },
      ),
    );
  });
});

describe('ErrorEquals', () => {
  it.each([
    [['States.ALL'], 'Any', true],
    [['States.ALL'], 'States.Timeout', true],
    [['States.ALL'], 'States.DataLimitExceeded', false],
    [['States.ALL'], 'States.Runtime', false],
    [['States.Runtime'], 'States.Runtime', false],
    [['States.DataLimitExceeded'], 'States.DataLimitExceeded', true],
    [['States.TaskFailed'], 'Lambda.Unknown', true],
    [['States.TaskFailed'], 'States.Timeout', false],
    [['States.TaskFailed'], 'States.HeartbeatTimeout', false],
    [['States.Timeout'], 'States.HeartbeatTimeout', true],
    [['States.HeartbeatTimeout'], 'States.Timeout', false],
    [['A', 'B'], 'B', true],
    [['A'], 'a', false],
    [['constructor'], 'toString', false],
  ])('%j matches %s: %s', (errorEquals, error, expected) => {
    expect(matchesError(errorEquals, error)).toBe(expected);
  });
});
