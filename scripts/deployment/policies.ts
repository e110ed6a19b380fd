import { alternatives, listOf, type Resource, type Template, targetOf } from './template.ts';

/** A statement of a policy, with single values made lists. */
export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly unknown[];
  readonly condition: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly principal: unknown;
  /** NotAction, NotResource and NotPrincipal: whatever isn't named. */
  readonly negations: readonly string[];
}

/** The inline policies' statements of a role; of an `Fn::If` all that it may come to. */
export const statementsOf = ({ Properties = {} }: Resource): Statement[] =>
  listOf(Properties.Policies as { PolicyDocument: unknown }[]).flatMap(({ PolicyDocument }) =>
    statementsIn(PolicyDocument),
  );

export const statementsIn = (document: unknown): Statement[] =>
  listOf((document as { Statement?: unknown }).Statement)
    .flatMap(alternatives)
    .map((statement) => {
      const given = statement as Record<string, unknown>;
      return {
        effect: String(given.Effect),
        actions: listOf(given.Action as string),
        resources: listOf(given.Resource),
        condition: (given.Condition ?? {}) as Statement['condition'],
        principal: given.Principal,
        negations: Object.keys(given).filter((key) => key.startsWith('Not')),
      };
    });

/** The actions that a role allows. */
export const grantedActions = (role: Resource): ReadonlySet<string> =>
  new Set(
    statementsOf(role)
      .filter(({ effect }) => effect === 'Allow')
      .flatMap(({ actions }) => actions),
  );

/** The role that a function, or a state machine, runs under. */
export const roleOf = (template: Template, property: unknown): [id: string, role: Resource] | undefined => {
  const id = targetOf(property);
  const role = id === undefined ? undefined : template.Resources[id];
  return id !== undefined && role?.Type === 'AWS::IAM::Role' ? [id, role] : undefined;
};
