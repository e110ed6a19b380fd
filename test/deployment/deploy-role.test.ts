import { beforeAll, expect, it } from 'vitest';
import { namesIn } from '../../scripts/deployment/arns.ts';
import { checkDeployRole, deployStatements, NOT_ASKED } from '../../scripts/deployment/check-deploy-role.ts';
import { checkProperties } from '../../scripts/deployment/check-properties.ts';
import { checkReferences } from '../../scripts/deployment/check-references.ts';
import { MAX_STAGE_LENGTH } from '../../scripts/deployment/check-stages.ts';
import { readDeployRole, readYamlTemplate } from '../../scripts/deployment/deploy-role.ts';
import handlers from '../../scripts/deployment/handler-permissions.json' with { type: 'json' };
import { readTemplate, type Template } from '../../scripts/deployment/template.ts';
import { PACKAGING_TIMEOUT_MS, packagedProject, ROOT } from './packaged.ts';

let deployment: Template;
let template: Template;

beforeAll(async () => {
  deployment = readTemplate(await packagedProject());
  template = readDeployRole(ROOT);
}, PACKAGING_TIMEOUT_MS);

it.each(['resources/deploy-role.yml', 'docs/examples/start-on-success-object.yml'])(
  '%s is a template that AWS knows',
  async (path) => {
    const standalone = readYamlTemplate(ROOT, path);

    expect([...(await checkProperties(standalone)), ...(await checkReferences(standalone))]).toEqual([]);
  },
);

const grantedActions = (): string[] => deployStatements(template).flatMap(({ actions }) => actions);

it('may do what CloudFormation asks of it for every kind of resource that is deployed', () => {
  expect(checkDeployRole(deployment, template)).toEqual([]);
});

it.each(['s3:TagResource', 'lambda:GetFunctionRecursionConfig', 'ec2:ReplaceRouteTableAssociation', 'sqs:GetQueueUrl'])(
  'is found to lack %s',
  (action) => {
    const without = JSON.parse(JSON.stringify(template).replace(`"${action}"`, '"sts:TagSession"')) as Template;

    expect(checkDeployRole(deployment, without).map(({ problem }) => problem)).toEqual([
      expect.stringContaining(`It lacks ${action}, which handlers of AWS::`),
    ]);
  },
);

it('asks for the permissions of a type that is deployed for the first time', () => {
  const more = { ...deployment, Resources: { Table: { Type: 'AWS::DynamoDB::Table' } } };

  expect(checkDeployRole(more, template)).toEqual([
    { where: 'AWS::DynamoDB::Table', problem: "handler-permissions.json doesn't have this type. Add it there." },
  ]);
});

it('has no exception that no handler asks for, and grants none', () => {
  const declared = Object.values(handlers.types).flat();

  for (const { actions } of NOT_ASKED) {
    expect(
      declared.some((action) => actions.test(action)),
      String(actions),
    ).toBe(true);
    expect(grantedActions().filter((action) => actions.test(action))).toEqual([]);
  }
});

it('is bound to the stack, but for what has no names before it exists', () => {
  const unbound = deployStatements(template)
    .filter(({ resources }) => resources.includes('*'))
    .flatMap(({ actions }) => actions);

  expect(unbound.every((action) => /^(ec2|logs):|:Validate\w+$/.test(action))).toBe(true);
  expect(grantedActions().filter((action) => action.includes('*'))).toEqual([]);
});

it("can't change itself", () => {
  const { nameOf, textOf } = namesIn(template, 'fedml-serverless-dev-deploy', { Stack: 'fedml-serverless-dev' });
  const roles = deployStatements(template)
    .filter(({ actions }) => actions.some((action) => action.startsWith('iam:')))
    .flatMap(({ resources }) => resources.map(textOf));

  expect(nameOf('DeployRole')).toBe('fedml-serverless-dev-deploy');
  expect(new Set(roles)).toEqual(new Set(['arn:aws:iam::123456789012:role/fedml-serverless-dev/*']));
});

it('fits into what IAM takes as policies, in the longest stage of the longest region', () => {
  const stack = `fedml-serverless-${'s'.repeat(MAX_STAGE_LENGTH)}`;
  const { textOf } = namesIn(template, `${stack}-deploy`, { Stack: stack });
  const asSent = (document: unknown): string =>
    JSON.stringify(document, (_, value) => (isIntrinsic(value) ? textOf(value) : value));

  const { DeployRole, CreateNetworkPolicy } = template.Resources;
  const inline = (DeployRole!.Properties!.Policies as { PolicyDocument: unknown }[]).map((each) => each.PolicyDocument);
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  expect(asSent(inline)).toContain(`function:${stack}-*`);
  expect(asSent(inline).length).toBeLessThan(10_240);
  expect(asSent(CreateNetworkPolicy!.Properties!.PolicyDocument).length).toBeLessThan(6_144);
});

const isIntrinsic = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && /^(Ref|Fn::\w+)$/.test(Object.keys(value)[0] ?? '');
