import type { DeployedPolicies } from '#local/iam/iam.ts';
import type { Decision } from '#local/iam/policy/decide.ts';
import { askJudge, questionOf, rephrased, verdictOf } from './judge.ts';

export interface Case {
  readonly decision: Decision;
  readonly policies: DeployedPolicies;
}

/** The decisions that the judge doesn't share; what it can't answer without being known not to is one of them. */
export const disputed = async (cases: readonly Case[]) => {
  const asked = cases.map(({ decision, policies }) => rephrased(questionOf(decision, policies)));
  const answers = await askJudge(asked.map(({ question }) => question));
  return cases.flatMap(({ decision, policies }, index) => {
    const answer = answers[index]!;
    const ours = verdictOf(decision);
    const agreed = asked[index]!.refuses ? 'error' in answer : 'verdict' in answer && answer.verdict === ours;
    return agreed ? [] : [{ ours, judge: answer, check: decision.check, principal: decision.principal, policies }];
  });
};
