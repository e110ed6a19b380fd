import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeployedPolicies } from '#local/iam/iam.ts';
import { type Decision, decide } from '#local/iam/policy/decide.ts';
import { compile } from '#local/iam/policy/deployment.ts';
import type { Recorded } from '#local/iam/record-decisions.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { situation } from './generated.ts';
import { askJudge, isJudgeInstalled, questionOf, rephrased, verdictOf } from './judge.ts';

if (!isJudgeInstalled) {
  console.log('The judge of IAM decisions is not installed, so its test is skipped: npm ci --prefix tools/iam-judge');
}

interface Case {
  readonly decision: Decision;
  readonly policies: DeployedPolicies;
}

/** The decisions that the judge doesn't share; what it can't answer without being known not to is one of them. */
const disputed = async (cases: readonly Case[]) => {
  const asked = cases.map(({ decision, policies }) => rephrased(questionOf(decision, policies)));
  const answers = await askJudge(asked.map(({ question }) => question));
  return cases.flatMap(({ decision, policies }, index) => {
    const answer = answers[index]!;
    const ours = verdictOf(decision);
    const agreed = asked[index]!.refuses ? 'error' in answer : 'verdict' in answer && answer.verdict === ours;
    return agreed ? [] : [{ ours, judge: answer, check: decision.check, principal: decision.principal, policies }];
  });
};

describe.skipIf(!isJudgeInstalled)('the judge', () => {
  it('decides generated situations as we do', async () => {
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

  it.skipIf(!process.env.FEDML_IAM_DECISIONS)('decides what was recorded as we did', async () => {
    const cases: Case[] = [];
    let policies: DeployedPolicies = { roles: [], resourcePolicies: {} };
    for (const line of readFileSync(process.env.FEDML_IAM_DECISIONS!, 'utf8').split('\n').filter(Boolean)) {
      const recorded = JSON.parse(line) as Recorded;
      if ('policies' in recorded) policies = recorded.policies;
      else cases.push({ decision: recorded.decision, policies });
    }

    expect(cases.length).toBeGreaterThan(0);
    expect(await disputed(cases)).toEqual([]);
  });
});
