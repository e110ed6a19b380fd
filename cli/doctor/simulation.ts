import {
  type ContextEntry,
  type EvaluationResult,
  type IAMClient,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import type { Statement } from './wanted-roles.ts';

/** A call that a role refuses, and why. */
export interface Refusal {
  /** Such as `s3:PutObject`. */
  readonly action: string;
  readonly resource: string;
  readonly because: 'nothing allows it' | 'a policy denies it' | 'an organization denies it' | 'a boundary denies it';
}

/**
 * Asks IAM about each call that a statement stands for: the role's policies, its boundary and the organization's, as they are now.
 * Policies of resources aren't asked.
 */
export const refusalsOf = async (iam: IAMClient, roleArn: string, statement: Statement): Promise<Refusal[]> => {
  const actions = listOf(statement.Action);
  try {
    return await simulate(iam, roleArn, actions, statement);
  } catch (error) {
    // "… require different authorization information": such actions can't be asked about together.
    if (actions.length === 1 || !/^InvalidInput/.test((error as Error).name)) throw error;
    const each = await Promise.all(actions.map((action) => simulate(iam, roleArn, [action], statement)));
    return each.flat();
  }
};

const simulate = async (
  iam: IAMClient,
  PolicySourceArn: string,
  ActionNames: string[],
  { Resource, Condition }: Statement,
): Promise<Refusal[]> => {
  const refusals: Refusal[] = [];
  let Marker: string | undefined;
  do {
    const answer = await iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn,
        ActionNames,
        ResourceArns: listOf(Resource).map(example),
        ContextEntries: contextOf(Condition),
        ...(Marker !== undefined && { Marker }),
      }),
    );
    refusals.push(...(answer.EvaluationResults ?? []).flatMap(refusalsIn));
    Marker = answer.IsTruncated ? answer.Marker : undefined;
  } while (Marker !== undefined);
  return refusals;
};

/** Over several resources each has its own decision; the whole's is then the strictest of them. */
const refusalsIn = (result: EvaluationResult): Refusal[] => {
  const { EvalActionName: action = '', EvalResourceName = '*', ResourceSpecificResults = [] } = result;
  const each =
    ResourceSpecificResults.length > 0
      ? ResourceSpecificResults.map((specific) => ({
          resource: specific.EvalResourceName ?? '*',
          decision: specific.EvalResourceDecision,
        }))
      : [{ resource: EvalResourceName, decision: result.EvalDecision }];
  return each
    .filter(({ decision }) => decision !== 'allowed')
    .map(({ resource, decision }) => ({ action, resource, because: reasonOf(result, decision) }));
};

const reasonOf = (
  { OrganizationsDecisionDetail, PermissionsBoundaryDecisionDetail }: EvaluationResult,
  decision: string | undefined,
): Refusal['because'] => {
  if (OrganizationsDecisionDetail?.AllowedByOrganizations === false) return 'an organization denies it';
  if (PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false) return 'a boundary denies it';
  return decision === 'explicitDeny' ? 'a policy denies it' : 'nothing allows it';
};

/** One of those that a pattern stands for. IAM refuses an ARN whose account is no number. */
const example = (pattern: string): string => {
  if (pattern === '*') return pattern;
  const [arn, partition, service, region, account, ...rest] = pattern.split(':');
  const isForeign = arn === 'arn' && account === '*';
  const text = isForeign ? [arn, partition, service, region, '123456789012', ...rest].join(':') : pattern;
  return text
    .replace(/^(arn:[\w-]+:\w+:)\*(?=:)/, '$1us-east-1')
    .replace(/\?/g, 'a')
    .replace(/\*/g, 'any');
};

/** What a request would bring along, so that the conditions hold: they are the caller's own doing. */
const contextOf = (condition: Statement['Condition'] = {}): ContextEntry[] =>
  Object.entries(condition).flatMap(([operator, tests]) =>
    Object.entries(tests).map(([ContextKeyName, value]) => ({
      ContextKeyName,
      ContextKeyType: operator === 'Bool' ? ('boolean' as const) : ('string' as const),
      ContextKeyValues: [example(String(listOf(value)[0]))],
    })),
  );

const listOf = <T>(value: T | readonly T[] | undefined): T[] => (value === undefined ? [] : ([value].flat() as T[]));
