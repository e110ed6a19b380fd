import { describe, expect, it } from 'vitest';
import { localDeployment } from '#test/deployment/local-deployment.ts';
import { deploySmall } from './services.ts';

const role = (policy: string): string => `
  - Conditions:
      Yes: !Equals [a, a]
      No: !Not [Condition: Yes]
    Resources:
      Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: letters } }
      OtherRole:
        Type: AWS::IAM::Role
        Properties:
          Path: /small/
          AssumeRolePolicyDocument: { Statement: [] }
          Policies: [{ PolicyName: Step, PolicyDocument: { Statement: [${policy}] } }]
`;

const statement = async (policy: string): Promise<unknown> => {
  const { policies } = await deploySmall(role(policy));
  return policies.roles.find(({ arn }) => arn.includes('OtherRole'))!.policies[0]!.document.Statement;
};

describe('intrinsic functions', () => {
  it.each([
    ['{ Resource: !GetAtt Queue.Arn }', { Resource: 'arn:aws:sqs:eu-central-1:000000000000:letters' }],
    [
      '{ Resource: !Sub "${Queue.Arn}/${!Kept}" }',
      { Resource: 'arn:aws:sqs:eu-central-1:000000000000:letters/${Kept}' },
    ],
    [
      '{ Resource: !Sub ["${a}-${AWS::StackName}", { a: !Ref Queue }] }',
      { Resource: expect.stringMatching(/letters-small-test$/) },
    ],
    ['{ Resource: !Join ["/", [a, !Ref AWS::AccountId]] }', { Resource: 'a/000000000000' }],
    ['{ Resource: !Select [1, !Split [",", "a,b"]] }', { Resource: 'b' }],
    ['{ Resource: !If [Yes, a, b], Sid: !If [No, a, !Ref AWS::NoValue] }', { Resource: 'a' }],
  ])('evaluate %s', async (text, expected) => {
    expect(await statement(text)).toEqual([expected]);
  });

  it('take a statement away whose condition doesn’t hold', async () => {
    expect(await statement('!If [No, { Sid: x }, !Ref AWS::NoValue]')).toEqual([]);
  });

  it.each([
    ['{ Resource: !Ref Nothing }', /There is no resource Nothing/],
    ['{ Resource: !GetAtt Queue.Colour }', /doesn't know Colour of Queue/],
    ['{ Resource: !ImportValue x }', /doesn't know the function Fn::ImportValue/],
    ['{ Resource: !If [Maybe, a, b] }', /There is no condition Maybe/],
  ])('refuse %s by name', async (text, message) => {
    await expect(statement(text)).rejects.toThrow(message);
  });
});

describe('what grants something otherwise than here', () => {
  it.each([
    ['Managed: { Type: AWS::IAM::ManagedPolicy }', /Managed is of the type AWS::IAM::ManagedPolicy/],
    [
      'Other: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { Statement: [] }, ManagedPolicyArns: [x] } }',
      /The role Other has ManagedPolicyArns/,
    ],
    [
      'Open: { Type: AWS::Lambda::Permission, Properties: { FunctionName: f, Action: "lambda:*", Principal: "*" } }',
      /The permission Open is for \*/,
    ],
  ])('is refused: %s', async (resource, message) => {
    await expect(deploySmall(`\n  - Resources:\n      ${resource}\n`)).rejects.toThrow(message);
  });
});

describe('the project', async () => {
  const deployment = await localDeployment();

  it('is deployed under the names of its stage', () => {
    const { stackName, stateMachines, functions, rules, eventBuses, repositories, buckets } = deployment;

    expect(stackName).toBe('fedml-serverless-local');
    const names = [...stateMachines, ...rules, ...repositories].map(({ name }) => name);
    expect(names.length).toBeGreaterThan(10);
    for (const name of [...names, ...Object.keys(functions), ...eventBuses, ...buckets]) {
      expect(name).toMatch(/^fedml-serverless-local(-|$)/);
    }
  });

  it('has a role for each function and machine, with a policy and a service that may take it', () => {
    const { policies, functions, stateMachines } = deployment;
    const roles = new Map(policies.roles.map((role) => [role.arn, role]));

    expect(roles.size).toBeGreaterThanOrEqual(48);
    for (const [arn, service] of [
      ...Object.values(functions).map(({ roleArn }) => [roleArn, 'lambda.amazonaws.com']),
      ...stateMachines.map(({ roleArn }) => [roleArn, 'states.amazonaws.com']),
    ] as const) {
      const { trust, policies: own } = roles.get(arn!)!;
      expect(trust.Statement).toEqual([expect.objectContaining({ Principal: { Service: service } })]);
      expect(own.flatMap(({ document }) => document.Statement)).not.toEqual([]);
    }
  });

  it('fills every placeholder and leaves no intrinsic function', () => {
    const text = JSON.stringify(deployment);

    expect(text).not.toMatch(/"Fn::|"Ref":|\$\{[A-Z]\w+(Arn|Name)\}/);
    expect(text).not.toContain('undefined');
  });
});
