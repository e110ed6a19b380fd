import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decide } from '#local/iam/policy/decide.ts';
import { compile } from '#local/iam/policy/deployment.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { disputed } from './disputed.ts';
import { situation } from './generated.ts';
import { isJudgeInstalled, verdictOf } from './judge.ts';

if (!isJudgeInstalled) {
  console.log('The judge of IAM decisions is not installed, so its test is skipped: npm ci --prefix tools/iam-judge');
}

it.skipIf(!isJudgeInstalled)('the judge decides generated situations as we do', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const cases = fc.sample(situation, { numRuns: 3000, seed }).map(({ policies, principal, check }) => ({
    decision: decide(compile(policies), LOCAL_ACCOUNT, principal, check),
    policies,
  }));

  // A comparison of nothing but denials would say little.
  const verdicts = Map.groupBy(cases, ({ decision }) => verdictOf(decision));
  for (const verdict of ['Allowed', 'ImplicitlyDenied', 'ExplicitlyDenied'] as const) {
    expect(verdicts.get(verdict)?.length, verdict).toBeGreaterThan(200);
  }
  const found = await disputed(cases);
  expect(found.slice(0, 3), `${found.length} of ${cases.length}, by the seed ${seed}`).toEqual([]);
});
