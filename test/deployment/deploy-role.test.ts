import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkProperties } from '../../scripts/deployment/check-properties.ts';
import { checkReferences } from '../../scripts/deployment/check-references.ts';
import { grantedActions, statementsOf } from '../../scripts/deployment/policies.ts';
import { readTemplate, type Template } from '../../scripts/deployment/template.ts';
import { PACKAGING_TIMEOUT_MS, packagedProject, ROOT } from './packaged.ts';

let deployment: Template;
let template: Template;

beforeAll(async () => {
  deployment = readTemplate(await packagedProject());
  template = await templateOf('resources/deploy-role.yml');
}, PACKAGING_TIMEOUT_MS);

const templateOf = async (path: string): Promise<Template> =>
  parse(await readFile(join(ROOT, path), 'utf8'), { customTags }) as Template;

const customTags = Object.entries({ '!Ref': 'Ref', '!Sub': 'Fn::Sub', '!GetAtt': 'Fn::GetAtt' }).map(([tag, name]) => ({
  tag,
  resolve: (text: string) => ({ [name]: text }),
}));

it.each(['resources/deploy-role.yml', 'docs/examples/start-on-success-object.yml'])(
  '%s is a template that AWS knows',
  async (path) => {
    const standalone = await templateOf(path);

    expect([...(await checkProperties(standalone)), ...(await checkReferences(standalone))]).toEqual([]);
  },
);

/** The prefix of a service's actions, where it isn't the name in its resource types. */
const PREFIXES: Readonly<Record<string, string>> = { apigatewayv2: 'apigateway', stepfunctions: 'states' };

it('may create and delete every kind of resource that is deployed', () => {
  const actions = [...grantedActions(template.Resources.DeployRole!)];
  const services = new Set(Object.values(deployment.Resources).map(({ Type }) => Type.split('::')[1]!.toLowerCase()));

  for (const service of services) {
    const prefix = PREFIXES[service] ?? service;
    expect(actions.filter((action) => action.startsWith(`${prefix}:`)).length, service).toBeGreaterThan(2);
  }
});

it('is bound to the stack, but for what has no names before it exists', () => {
  const unbound = statementsOf(template.Resources.DeployRole!)
    .filter(({ resources }) => resources.includes('*'))
    .flatMap(({ actions }) => actions);

  expect(unbound.every((action) => /^(ec2|logs):|:Validate\w+$/.test(action))).toBe(true);
  expect([...grantedActions(template.Resources.DeployRole!)].filter((action) => action.includes('*'))).toEqual([]);
});

it('fits into what IAM takes as a role’s own policies', () => {
  const { Policies } = template.Resources.DeployRole!.Properties!;

  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  expect(JSON.stringify(Policies).length).toBeLessThan(10_240);
});
