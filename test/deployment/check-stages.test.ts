import { beforeAll, describe, expect, it } from 'vitest';
import { checkStages } from '../../scripts/deployment/check-stages.ts';
import { readDeployRole } from '../../scripts/deployment/deploy-role.ts';
import { readTemplate, type Template } from '../../scripts/deployment/template.ts';
import { PACKAGING_TIMEOUT_MS, packagedProject, ROOT } from './packaged.ts';

let deployed: Template;

beforeAll(async () => {
  deployed = readTemplate(await packagedProject());
}, PACKAGING_TIMEOUT_MS);

// biome-ignore lint/suspicious/noExplicitAny: planting a mistake means writing what no type allows
type Planting = (resources: Record<string, any>, deployRole: Record<string, any>) => void;

const findingsOf = (plant: Planting): string[] => {
  const template = structuredClone(deployed);
  const deployRole = readDeployRole(ROOT);
  plant(template.Resources, deployRole.Resources);
  return [...new Set(checkStages(template, deployRole).map(({ where, problem }) => `${where}: ${problem}`))];
};

describe('the stages of one account', () => {
  it('keep apart, whatever the one is called', () => {
    expect(findingsOf(() => {})).toEqual([]);
  });

  it.each<[name: string, plant: Planting, expected: RegExp]>([
    [
      'a role of machines that those of other stages may take',
      ({ StagingStateMachineRole: role }) => {
        const [trust] = role.Properties.AssumeRolePolicyDocument.Statement;
        trust.Condition.ArnEquals['aws:SourceArn'] = { 'Fn::Sub': machine('fedml-serverless-dev-*') };
      },
      /^StagingStateMachineRole: It takes calls of .*:stateMachine:fedml-serverless-dev-eu-\w+, of another stage/,
    ],
    [
      'a function that rules of other stages may call',
      ({ SweepTasksPermission: permission }) => {
        permission.Properties.SourceArn = { 'Fn::Sub': arn('events', 'rule/fedml-serverless-dev*') };
      },
      /^SweepTasksPermission: It takes calls of .*:rule\/fedml-serverless-dev/,
    ],
    [
      'a queue that rules of other stages may fill',
      ({ DeadLetterQueuePolicy: policy }) => {
        const [allowed] = policy.Properties.PolicyDocument.Statement;
        allowed.Condition.ArnEquals['aws:SourceArn'] = { 'Fn::Sub': arn('events', 'rule/fedml-serverless-dev-*') };
      },
      /^DeadLetterQueuePolicy: It takes calls of .*:rule\/fedml-serverless-dev-eu-/,
    ],
    [
      'a function that may look at runs of other stages',
      ({ AnnounceRunRole: role }) => {
        const statement = role.Properties.Policies[0].PolicyDocument.Statement.find(
          ({ Action }: { Action?: string | string[] }) => Action?.includes('states:ListMapRuns'),
        );
        statement.Resource = { 'Fn::Sub': arn('states', 'execution:fedml-serverless-dev-*') };
      },
      /^AnnounceRunRole: .*execution:fedml-serverless-dev-\* is also .*execution:fedml-serverless-dev-eu-/,
    ],
    [
      'a role to deploy with that is not kept from functions of other stages',
      (_, { DeployRole: role }) => {
        const document = role.Properties.Policies[0].PolicyDocument;
        document.Statement = document.Statement.filter(({ Effect }: { Effect: string }) => Effect !== 'Deny');
      },
      /^DeployRole: .*:function:fedml-serverless-dev-\* is also .*:function:fedml-serverless-dev-eu-/,
    ],
    [
      'a role to deploy with that may change the buckets of other stages',
      (_, { DeployRole: role }) => {
        const text = JSON.stringify(role).replaceAll('-????????', '-*');
        Object.assign(role, JSON.parse(text.replaceAll('${Stack}-data-*', '${Stack}-*')));
      },
      /^DeployRole: arn:aws:s3:::fedml-serverless-dev-\* is also arn:aws:s3:::fedml-serverless-dev-eu-/,
    ],
    [
      'a name that CloudFormation makes',
      ({ Bucket, TrainingJobEndedRule: rule }) => {
        delete Bucket.Properties.BucketName;
        delete rule.Properties.Name;
      },
      /^Bucket: It has no BucketName, so that no policy can tell which stage it is of\./,
    ],
    [
      'a role without a path',
      ({ TrainingRole: role }) => {
        delete role.Properties.Path;
      },
      /^TrainingRole: It has no Path/,
    ],
    [
      'a name that leaves no room for the longest stage',
      ({ SweepTasksRule: rule }) => {
        rule.Properties.Name = `fedml-serverless-dev-${'x'.repeat(30)}`;
      },
      /^SweepTasksRule: In a stage of 20 letters its name has 68; 64 are allowed\./,
    ],
  ])('are found not to by %s', (_, plant, expected) => {
    expect(findingsOf(plant)[0]).toMatch(expected);
  });
});

const arn = (service: string, resource: string): string =>
  `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${resource}`;

const machine = (name: string): string => arn('states', `stateMachine:${name}`);
