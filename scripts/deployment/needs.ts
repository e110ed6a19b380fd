import type { Statement } from './policies.ts';
import { alternatives, type Finding } from './template.ts';

/** A right that a role has to have: an action, on each of these resources, under this condition and no other. */
export interface Need {
  readonly action: string;
  /** As `resourceTexts` writes them. */
  readonly resources: readonly string[];
  /** As `conditionText` writes it; empty for none. */
  readonly condition: string;
}

export const need = (action: string, resources: readonly string[], condition = ''): Need => ({
  action,
  resources,
  condition,
});

/** Nothing can be named. */
export const ANY = ['*'];

/** A resource of a statement as one text, or several where an `Fn::If` decides: `Bucket.Arn`, `Ref EventBus`, an ARN. */
export const resourceTexts = (resource: unknown): string[] => alternatives(resource).map(resourceText);

const resourceText = (resource: unknown): string => {
  if (typeof resource === 'string') return resource;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Sub': text } = resource as Record<string, string | string[]>;
  if (Ref) return `Ref ${Ref}`;
  if (attribute) return [attribute].flat().join('.');
  return typeof text === 'string' ? text : JSON.stringify(resource);
};

/** A condition as one text: `StringEquals aws:RequestTag/fedml:store = Ref Bucket`. */
export const conditionText = (condition: Statement['condition']): string =>
  Object.entries(condition)
    .flatMap(([operator, tests]) =>
      Object.entries(tests).map(
        ([key, values]) =>
          `${operator} ${key} = ${[values].flat().map((value) => resourceText(conditionValue(value)))}`,
      ),
    )
    .sort()
    .join('; ');

const conditionValue = (value: unknown): unknown => (typeof value === 'boolean' ? String(value) : value);

/** Holds a role's statements against what is needed, both ways, action by action and resource by resource. */
export const differences = (where: string, statements: readonly Statement[], needs: readonly Need[]): Finding[] => {
  const allowed = statements
    .filter(({ effect }) => effect === 'Allow')
    .map(({ actions, resources, condition }) => ({
      actions,
      resources: resources.flatMap(resourceTexts),
      condition: conditionText(condition),
    }));
  const lacking = needs.flatMap(({ action, resources, condition }) => {
    const holders = allowed.filter(({ actions }) => actions.includes(action));
    if (holders.length === 0) return [`${action} is used and not allowed.`];
    return resources
      .filter((resource) => !holders.some((each) => each.resources.includes(resource) && each.condition === condition))
      .map((resource) =>
        holders.some((each) => each.resources.includes(resource))
          ? `${action} on ${resource} has the condition "${holders.map((each) => each.condition).join()}", and should have "${condition}".`
          : `${action} is used on ${resource} and not allowed there.`,
      );
  });
  const excess = allowed.flatMap(({ actions, resources, condition }) => {
    const uses = needs.filter((each) => actions.includes(each.action) && each.condition === condition);
    const needed = new Set(uses.flatMap((each) => each.resources));
    return [
      ...actions
        .filter((action) => !needs.some((each) => each.action === action))
        .map((action) => `${action} is allowed and not used.`),
      ...actions
        .filter((action) => needs.some((each) => each.action === action))
        .filter(
          (action) =>
            !needs.some((each) => each.action === action && each.resources.some((used) => resources.includes(used))),
        )
        .map((action) => `${action} is allowed on ${resources.join(', ')} and not used there.`),
      ...(uses.length === 0 ? [] : resources.filter((resource) => !needed.has(resource))).map(
        (resource) => `${actions.join(', ')} is allowed on ${resource} and not used there.`,
      ),
    ];
  });
  return [...new Set([...lacking, ...excess])].map((problem) => ({ where, problem }));
};
