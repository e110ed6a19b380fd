import type { Resource, Template } from '../../scripts/deployment/template.ts';

/**
 * A template as CloudFormation will see it: Serverless fills parameters in when it packages, so that its conditions compare
 * constants, and cfn-lint would judge branches that are never taken.
 */
export const settled = ({ Conditions = {}, Resources, Outputs = {}, ...others }: Template): Template => {
  const holds = (condition: unknown): boolean => {
    const [name, content] = Object.entries(condition as Record<string, unknown[]>)[0]!;
    const evaluate = EVALUATED[name];
    if (!evaluate) throw new TypeError(`settled.ts doesn't know ${name}. Add it there.`);
    return evaluate(content, (each) => (typeof each === 'string' ? holds(Conditions[each]) : holds(each)));
  };
  const isTaken = (name: string): boolean => holds(Conditions[name]);

  const settle = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(settle).filter((each) => each !== NOTHING);
    if (typeof node !== 'object' || node === null) return node;
    const { 'Fn::If': branches, Ref: reference } = node as { 'Fn::If'?: [string, unknown, unknown]; Ref?: string };
    if (reference === 'AWS::NoValue') return NOTHING;
    if (branches) return settle(isTaken(branches[0]) ? branches[1] : branches[2]);
    const entries = Object.entries(node).map(([key, value]) => [key, settle(value)] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== NOTHING));
  };

  const made = Object.entries(Resources).filter(([, { Condition }]) => Condition === undefined || isTaken(Condition));
  return {
    ...others,
    Resources: Object.fromEntries(
      made.map(([id, { Condition: _, ...resource }]) => [id, settle(resource) as Resource]),
    ),
    Outputs: settle(Outputs) as Record<string, unknown>,
  };
};

const NOTHING = Symbol('AWS::NoValue');

type Evaluate = (content: unknown[], holds: (condition: unknown) => boolean) => boolean;

const EVALUATED: Readonly<Record<string, Evaluate>> = {
  'Fn::Equals': ([a, b]) => String(a) === String(b),
  'Fn::Not': ([condition], holds) => !holds(condition),
  'Fn::And': (conditions, holds) => conditions.every(holds),
  'Fn::Or': (conditions, holds) => conditions.some(holds),
  Condition: (name, holds) => holds(name),
};
