import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A CloudFormation template, as `serverless package` writes it. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
  readonly Parameters?: Readonly<Record<string, unknown>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** A mistake of a template: where it is and what is wrong. */
export interface Finding {
  readonly where: string;
  readonly problem: string;
}

export const readTemplate = (packageDir: string): Template =>
  JSON.parse(readFileSync(join(packageDir, 'cloudformation-template-update-stack.json'), 'utf8')) as Template;

/** The resources of a type, by logical id. */
export const resourcesOf = (template: Template, type: string): [id: string, properties: Record<string, unknown>][] =>
  Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, { Properties = {} }]) => [id, Properties]);

/** `{ Ref: 'Bucket' }` or `{ 'Fn::GetAtt': ['Bucket', 'Arn'] }` gives `Bucket`; anything else undefined. */
export const targetOf = (value: unknown): string | undefined => {
  const { Ref: ref, 'Fn::GetAtt': attribute } = (value ?? {}) as { Ref?: string; 'Fn::GetAtt'?: string | string[] };
  return ref ?? (typeof attribute === 'string' ? attribute.split('.')[0] : attribute?.[0]);
};

/** What an intrinsic `Fn::If` may come to, or the value itself; `AWS::NoValue` is nothing, as is what isn't there. */
export const alternatives = (value: unknown): unknown[] => {
  const branches = (value as { 'Fn::If'?: unknown[] } | null)?.['Fn::If'];
  if (branches) return branches.slice(1).flatMap(alternatives);
  return value === undefined || (value as { Ref?: string } | null)?.Ref === 'AWS::NoValue' ? [] : [value];
};

export const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as T];
