import { createHash } from 'node:crypto';
import type { Account } from '#local/stand-in.ts';
import { TemplateError } from './errors.ts';
import { type PhysicalResource, physicalResource, type Stack } from './physical-resources.ts';
import type { Template } from './template.ts';

/** A template's resources with everything in them known: names, ARNs, conditions. */
export interface ResolvedStack {
  /** The resources of a type that are made, by logical id, their intrinsic functions evaluated. */
  ofType(type: string): [id: string, properties: Readonly<Record<string, unknown>>][];
  /** @throws TemplateError for one that isn't made, or of a type whose names aren't known. */
  physical(id: string): PhysicalResource;
}

/**
 * Evaluates CloudFormation's intrinsic functions.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 *
 * @throws TemplateError for a function, resource or attribute that the local cloud doesn't know, when it is needed.
 */
export const resolveStack = (template: Template, stack: Stack): ResolvedStack => {
  const properties = new Map<string, Readonly<Record<string, unknown>>>();

  const evaluate = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(evaluate).filter((item) => item !== NO_VALUE);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name, argument] = entries.length === 1 ? entries[0]! : [];
    if (name !== undefined && (name === 'Ref' || name.startsWith('Fn::'))) {
      const intrinsic = INTRINSICS[name];
      if (!intrinsic) throw new TemplateError(`The local cloud doesn't know the function ${name}.`);
      return intrinsic(argument as never);
    }
    return Object.fromEntries(
      entries.map(([key, item]) => [key, evaluate(item)]).filter(([, item]) => item !== NO_VALUE),
    );
  };

  const INTRINSICS: Readonly<Record<string, (argument: never) => unknown>> = {
    Ref: (name: string) => PSEUDO_PARAMETERS(stack)[name] ?? physical(name).ref,
    'Fn::GetAtt': (path: [string, string]) => attribute(...path),
    'Fn::Sub': (argument: string | [string, Record<string, unknown>]) => {
      const [text, variables] = typeof argument === 'string' ? [argument, {}] : argument;
      return substituted(text, variables);
    },
    'Fn::If': ([condition, yes, no]: [string, unknown, unknown]) => evaluate(holds(condition) ? yes : no),
    'Fn::Join': ([separator, parts]: [string, unknown]) => (evaluate(parts) as string[]).join(separator),
    'Fn::Split': ([separator, text]: [string, unknown]) => (evaluate(text) as string).split(separator),
    'Fn::Select': ([index, list]: [number, unknown]) => (evaluate(list) as unknown[])[Number(index)],
    'Fn::Equals': ([one, other]: [unknown, unknown]) => String(evaluate(one)) === String(evaluate(other)),
    'Fn::Not': ([condition]: [unknown]) => !truth(condition),
    'Fn::And': (conditions: unknown[]) => conditions.every(truth),
    'Fn::Or': (conditions: unknown[]) => conditions.some(truth),
  };

  /** A part of a condition: a function, or another condition by its name. */
  const truth = (condition: unknown): boolean => {
    const { Condition: name } = condition as { Condition?: string };
    return name === undefined ? evaluate(condition) === true : holds(name);
  };

  const holds = (name: string): boolean => {
    const condition = template.Conditions[name];
    if (condition === undefined) throw new TemplateError(`There is no condition ${name}.`);
    return truth(condition);
  };

  /** `${!Literal}` stays as `${Literal}`. */
  const substituted = (text: string, variables: Readonly<Record<string, unknown>>): string =>
    text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (Object.hasOwn(variables, name)) return String(evaluate(variables[name]));
      const dot = name.indexOf('.');
      if (dot > 0) return attribute(name.slice(0, dot), name.slice(dot + 1));
      return String(evaluate({ Ref: name }));
    });

  const attribute = (id: string, name: string): string => {
    const value = physical(id).attributes[name];
    if (value === undefined) throw new TemplateError(`The local cloud doesn't know ${name} of ${id}.`);
    return value;
  };

  const isMade = (id: string): boolean => {
    const { Condition } = template.Resources[id]!;
    return Condition === undefined || holds(Condition);
  };

  const propertiesOf = (id: string): Readonly<Record<string, unknown>> => {
    if (!properties.has(id)) properties.set(id, evaluate(template.Resources[id]!.Properties ?? {}) as object as never);
    return properties.get(id)!;
  };

  const physical = (id: string): PhysicalResource => {
    const resource = template.Resources[id];
    if (!resource || !isMade(id)) throw new TemplateError(`There is no resource ${id}.`);
    const named = namingProperties(resource.Properties ?? {});
    const found = physicalResource(resource.Type, id, evaluate(named) as Record<string, unknown>, stack);
    if (!found) throw new TemplateError(`The local cloud can't name ${id}: it doesn't know ${resource.Type}.`);
    return found;
  };

  return {
    ofType: (type) =>
      Object.keys(template.Resources)
        .filter((id) => template.Resources[id]!.Type === type && isMade(id))
        .map((id) => [id, propertiesOf(id)]),
    physical,
  };
};

/** Takes a key out of an object, or an item out of a list. */
const NO_VALUE = Symbol('AWS::NoValue');

const PSEUDO_PARAMETERS = ({ name, account }: Stack): Readonly<Record<string, unknown>> => ({
  'AWS::AccountId': account.accountId,
  'AWS::Region': account.region,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': name,
  'AWS::StackId': stackId(name, account),
  'AWS::NoValue': NO_VALUE,
});

/** The last part is a UUID in AWS, and the same for each stack of a name here. */
const stackId = (name: string, { region, accountId }: Account): string => {
  const digits = createHash('sha256').update(name).digest('hex');
  const uuid = [8, 12, 16, 20, 32].map((end, index) => digits.slice([0, 8, 12, 16, 20][index], end)).join('-');
  return `arn:aws:cloudformation:${region}:${accountId}:stack/${name}/${uuid}`;
};

/** A resource's other properties may refer to resources that refer to it. */
const namingProperties = (properties: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(properties).filter(([key]) => /Name$|^Path$/.test(key)));
