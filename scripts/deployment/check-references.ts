import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import { type Finding, listOf, type Resource, type Template, targetOf } from './template.ts';

/** Looks up what `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::If`, `DependsOn` and `Condition` name. */
export const checkReferences = async (template: Template): Promise<Finding[]> => {
  const attributesOf = await attributeTable(template);
  const findings: Finding[] = [];
  const report = (where: string, problem: string): void => void findings.push({ where, problem });

  const checkName = (where: string, name: string): void => {
    if (name.startsWith('AWS::')) {
      if (!PSEUDO_PARAMETERS.has(name)) report(where, `There is no pseudo parameter ${name}.`);
    } else if (!template.Resources[name] && !template.Parameters?.[name]) {
      report(where, `There is no resource ${name}.`);
    }
  };
  const checkAttribute = (where: string, name: string, attribute: string): void => {
    const attributes = attributesOf(name);
    if (!attributes) report(where, `There is no resource ${name}.`);
    else if (!attributes.has(attribute)) {
      report(where, `${name}, ${template.Resources[name]!.Type}, has no attribute ${attribute}.`);
    }
  };
  const checkCondition = (where: string, name: string): void => {
    if (!template.Conditions?.[name]) report(where, `There is no condition ${name}.`);
  };
  const checkText = (where: string, text: string, own: object): void => {
    for (const [, name] of text.matchAll(/\$\{([^!][^}]*)\}/g)) {
      const [resource, ...attribute] = name!.split('.');
      if (Object.hasOwn(own, name!)) continue;
      if (attribute.length > 0) checkAttribute(where, resource!, attribute.join('.'));
      else checkName(where, resource!);
    }
  };

  const visit = (node: unknown, where: string): void => {
    if (typeof node === 'string' && VARIABLE.test(node)) report(where, `Nothing has replaced ${node}.`);
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      const at = `${where}.${key}`;
      if (key === 'Ref' && typeof value === 'string') checkName(at, value);
      if (key === 'Fn::GetAtt') {
        const [name, ...attribute] = typeof value === 'string' ? value.split('.') : (value as string[]);
        checkAttribute(at, name!, attribute.join('.'));
      }
      if (key === 'Fn::Sub') {
        const [text, own] = listOf(value) as [string, object?];
        checkText(at, text, own ?? {});
      }
      if (key === 'Fn::If') checkCondition(at, (value as string[])[0]!);
      visit(value, at);
    }
  };

  for (const [id, resource] of Object.entries(template.Resources)) {
    for (const name of listOf(resource.DependsOn)) {
      if (!template.Resources[name]) report(`${id}.DependsOn`, `There is no resource ${name}.`);
    }
    if (resource.Condition) checkCondition(`${id}.Condition`, resource.Condition);
    visit(resource.Properties, `${id}.Properties`);
  }
  visit(template.Outputs, 'Outputs');
  visit(template.Conditions, 'Conditions');
  const circle = findCircle(template);
  if (circle) report(circle[0]!, `It needs itself to exist first: ${circle.join(' → ')}.`);
  return findings;
};

/** A variable of Serverless that reached CloudFormation, which takes it for text. */
const VARIABLE = /\$\{(param|self|opt|sls|file)[:(]/;

/** The first circle of resources that need one another; CloudFormation can't decide which to make first. */
const findCircle = ({ Resources }: Template): string[] | undefined => {
  const needs = new Map(Object.entries(Resources).map(([id, resource]) => [id, neededBy(resource, Resources)]));
  const sound = new Set<string>();
  const search = (id: string, path: readonly string[]): string[] | undefined => {
    if (sound.has(id)) return undefined;
    if (path.includes(id)) return [...path.slice(path.indexOf(id)), id];
    for (const next of needs.get(id)!) {
      const circle = search(next, [...path, id]);
      if (circle) return circle;
    }
    sound.add(id);
    return undefined;
  };
  for (const id of needs.keys()) {
    const circle = search(id, []);
    if (circle) return circle;
  }
  return undefined;
};

const neededBy = (resource: Resource, all: Template['Resources']): Set<string> => {
  const names = new Set<string>(listOf(resource.DependsOn));
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const target = targetOf(node);
    if (target) names.add(target);
    const [text] = listOf((node as { 'Fn::Sub'?: string })['Fn::Sub']);
    for (const [, name] of text?.matchAll(/\$\{([\w:]+)/g) ?? []) names.add(name!);
    Object.values(node).forEach(visit);
  };
  visit(resource.Properties);
  return new Set([...names].filter((name) => Object.hasOwn(all, name)));
};

const attributeTable = async ({ Resources }: Template) => {
  const spec = await loadAwsServiceSpec();
  return (id: string): ReadonlySet<string> | undefined => {
    const type = Resources[id]?.Type;
    if (type === undefined) return undefined;
    const resource = spec.lookup('resource', 'cloudFormationType', 'equals', type)[0];
    return new Set(Object.keys(resource?.attributes ?? {}));
  };
};

const PSEUDO_PARAMETERS = new Set([
  'AWS::AccountId',
  'AWS::NoValue',
  'AWS::NotificationARNs',
  'AWS::Partition',
  'AWS::Region',
  'AWS::StackId',
  'AWS::StackName',
  'AWS::URLSuffix',
]);
