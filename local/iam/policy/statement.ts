import { type Condition, readCondition, refuseVariables } from './conditions.ts';
import { arnGlob, type Glob, glob } from './glob.ts';
import { type PrincipalMatch, readPrincipal } from './principals.ts';
import { actionsOf, haveTypes, isAction } from './service-data.ts';

/** Where a decision comes from. */
export interface Source {
  /** The name of an identity policy, or the ARN that a resource policy or a trust policy belongs to. */
  readonly policy: string;
  readonly statement: number;
  readonly sid?: string;
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly source: Source;
  /** @param action in lower case. */
  readonly coversAction: Glob;
  readonly coversResource: Glob;
  readonly holds?: Condition;
  /** Of resource policies and trust policies. */
  readonly reaches?: PrincipalMatch;
}

export type PolicyKind = 'identity' | 'resource' | 'trust';

/** What an element of a statement may be, by the kind of its policy. */
const ELEMENTS: Readonly<Record<PolicyKind, readonly string[]>> = {
  identity: ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'],
  resource: ['Sid', 'Effect', 'Principal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'],
  trust: ['Sid', 'Effect', 'Principal', 'Action', 'Condition'],
};

/** Reads one statement; everything that it says and that isn't understood is added to `mistakes`. */
export const readStatement = (
  given: Readonly<Record<string, unknown>>,
  kind: PolicyKind,
  source: Source,
  mistakes: string[],
): Statement => {
  const attempt = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      mistakes.push((error as Error).message);
      return otherwise;
    }
  };
  for (const element of Object.keys(given)) {
    if (!ELEMENTS[kind].includes(element)) mistakes.push(`the element ${element} is not known`);
  }
  const { Effect: effect, Condition: condition } = given;
  if (effect !== 'Allow' && effect !== 'Deny') mistakes.push(`Effect is ${JSON.stringify(effect)}`);
  const read = condition === undefined ? undefined : readCondition(condition);
  mistakes.push(...(read?.mistakes ?? []));
  return {
    effect: effect === 'Allow' ? 'Allow' : 'Deny',
    source,
    coversAction: attempt(() => oneOf(given, 'Action', readAction), none),
    coversResource: attempt(() => readResources(given, kind), none),
    ...(read && { holds: read.holds }),
    ...(kind !== 'identity' && {
      reaches: attempt(
        () => readPrincipal(given.Principal),
        () => undefined,
      ),
    }),
  };
};

const none: Glob = () => false;

/** The policy of a repository names no resource, and a role's trust policy can't: it is about what it belongs to. */
const readResources = (given: Readonly<Record<string, unknown>>, kind: PolicyKind): Glob =>
  kind !== 'identity' && given.Resource === undefined && given.NotResource === undefined
    ? () => true
    : oneOf(given, 'Resource', readResource);

/** Reads an element's patterns, or those of its opposite. */
const oneOf = (
  given: Readonly<Record<string, unknown>>,
  element: 'Action' | 'Resource',
  read: (pattern: string) => Glob,
): Glob => {
  const [positive, negative] = [given[element], given[`Not${element}`]];
  if ((positive === undefined) === (negative === undefined)) {
    throw new Error(`it needs ${element} or Not${element}, and not both`);
  }
  const globs = textsIn(positive ?? negative, element).map(read);
  return (text) => globs.some((matches) => matches(text)) === (negative === undefined);
};

const textsIn = (given: unknown, element: string): readonly string[] => {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0) throw new Error(`${element} is empty`);
  return list.map((text) => {
    if (typeof text !== 'string') throw new Error(`${element} ${JSON.stringify(text)} is no text`);
    refuseVariables(text);
    return text;
  });
};

const readAction = (pattern: string): Glob => {
  if (pattern === '*') return () => true;
  const matches = glob(pattern.toLowerCase());
  const service = pattern.toLowerCase().split(':', 1)[0]!;
  const exists = /[*?]/.test(pattern) ? actionsOf(service).some(matches) : isAction(pattern);
  if (!exists) throw new Error(`IAM has no action ${pattern}`);
  return matches;
};

const readResource = (pattern: string): Glob => {
  if (!isResourcePattern(pattern)) throw new Error(`Resource ${JSON.stringify(pattern)} is not an ARN of a service`);
  if (hasWildcardInType(pattern)) {
    throw new Error(
      `Resource ${JSON.stringify(pattern)} has a wildcard in the type of the resource, where IAM allows none`,
    );
  }
  return arnGlob(pattern);
};

/** An ARN has six fields; a `*` may stand for the last ones. */
const isResourcePattern = (pattern: string): boolean =>
  pattern === '*' ||
  (/^arn:[^:]+:[a-z0-9-]+:/.test(pattern) && (pattern.endsWith(':*') || pattern.split(':').length >= 6));

/** As in `…:func*:f`: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns */
const hasWildcardInType = (pattern: string): boolean => {
  const [, , service = '', , , type] = pattern.split(/[:/]/);
  return type !== undefined && type !== '*' && /[*?]/.test(type) && haveTypes(service);
};
