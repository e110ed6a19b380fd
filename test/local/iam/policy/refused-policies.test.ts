import { describe, expect, it } from 'vitest';
import type { PolicyDocument } from '#local/iam/iam.ts';
import { policy, roleFor } from '../roles.ts';
import { testIam } from '../test-iam.ts';

const ROLE = 'arn:aws:iam::000000000000:role/r';
const BUCKET = 'arn:aws:s3:::b';

type Given = Readonly<Record<string, unknown>>;
const statement = (more: Given): Given => ({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...more });
const withCondition = (Condition: unknown): Given => statement({ Condition });

const deployIdentity = (document: PolicyDocument) => () =>
  testIam().deploy({
    roles: [{ ...roleFor('lambda.amazonaws.com', ROLE), policies: [{ name: 'p', document }] }],
    resourcePolicies: {},
  });

const deployResource = (more: Given) => () =>
  testIam().deploy({ roles: [], resourcePolicies: { [BUCKET]: policy(statement(more)) } });

describe('a policy is refused by name', () => {
  it.each<[Given, string]>([
    [statement({ Action: 's3:GetObjekt' }), 'IAM has no action s3:GetObjekt'],
    [statement({ Action: 's3:Fetch*' }), 'IAM has no action s3:Fetch*'],
    [statement({ Action: 'sss:*' }), 'IAM has no action sss:*'],
    [statement({ Action: '*:GetObject' }), 'IAM has no action *:GetObject'],
    [statement({ Action: 'GetObject' }), 'IAM has no action GetObject'],
    [statement({ Action: '../s3:GetObject' }), 'IAM has no action ../s3:GetObject'],
    [statement({ Action: 's3:constructor' }), 'IAM has no action s3:constructor'],
    [statement({ Action: [] }), 'Action is empty'],
    [statement({ Action: undefined }), 'it needs Action or NotAction, and not both'],
    [statement({ NotAction: 's3:PutObject' }), 'it needs Action or NotAction, and not both'],
    [
      statement({ Resource: { 'Fn::GetAtt': ['Bucket', 'Arn'] } }),
      'Resource {"Fn::GetAtt":["Bucket","Arn"]} is no text',
    ],
    [statement({ Resource: 'b/runs/*' }), 'Resource "b/runs/*" is not an ARN of a service'],
    [
      statement({ Resource: 'arn:aws:states:*:execution' }),
      'Resource "arn:aws:states:*:execution" is not an ARN of a service',
    ],
    [statement({ Resource: 'arn:aws:states:eu-*' }), 'Resource "arn:aws:states:eu-*" is not an ARN of a service'],
    [statement({ Resource: 'arn:aws:s3*' }), 'Resource "arn:aws:s3*" is not an ARN of a service'],
    [statement({ Resource: 'arn:aws:lambda:*:*:func*:f' }), 'has a wildcard in the type of the resource'],
    [statement({ Resource: 'arn:aws:ecr:*:*:repository*' }), 'has a wildcard in the type of the resource'],
    [
      statement({ Resource: 'arn:aws:s3:::b/${aws:username}' }),
      'the local cloud does not know the policy variable ${aws:username}',
    ],
    [
      statement({ Resource: 'arn:aws:s3:::b/${aws:username' }),
      'the local cloud does not know the policy variable ${aws:username',
    ],
    [statement({ Effect: 'allow' }), 'Effect is "allow"'],
    [statement({ Principal: '*' }), 'the element Principal is not known'],
    [statement({ Conditions: {} }), 'the element Conditions is not known'],
    [
      withCondition({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }),
      'Condition IpAddress of aws:SourceIp: the local cloud does not know this key',
    ],
    [
      withCondition({ DateGreaterThan: { 's3:object-lock-retain-until-date': '2026-01-01' } }),
      'the local cloud does not know this operator',
    ],
    [withCondition({ StringEqualz: { 's3:x-amz-acl': 'a' } }), 'the local cloud does not know this operator'],
    [
      withCondition({ 'ForSomeValues:StringEquals': { 's3:x-amz-acl': 'a' } }),
      'the local cloud does not know this operator',
    ],
    [withCondition({ NullIfExists: { 's3:x-amz-acl': 'true' } }), 'the local cloud does not know this operator'],
    [withCondition({ StringEquals: { 's3:x-amz-akl': 'a' } }), 'IAM has no such condition key'],
    [withCondition({ StringEquals: { 'aws:PrincipalOrgID': 'o' } }), 'the local cloud does not know this key'],
    [withCondition({ StringEquals: { 'aws:RequestTag/': 'o' } }), 'IAM has no such condition key'],
    [withCondition({ StringEquals: { 'aws:TagKeys': 'a' } }), 'the operator needs ForAnyValue: or ForAllValues:'],
    [withCondition({ StringEquals: { 's3:x-amz-acl': '${aws:username}' } }), 'the policy variable ${aws:username}'],
    [withCondition({ StringEquals: { 's3:x-amz-acl': [] } }), 'there is no value'],
    [withCondition({ StringEquals: { 's3:x-amz-acl': { Ref: 'X' } } }), '{"Ref":"X"} is no text'],
    [withCondition({ Bool: { 'aws:SecureTransport': 'yes' } }), '"yes" is neither true nor false'],
    [withCondition({ NumericLessThan: { 's3:TlsVersion': 'new' } }), '"new" is not a number'],
    [withCondition({ ArnLike: { 'aws:PrincipalArn': '*' } }), '"*" is not an ARN'],
    [withCondition({ StringEquals: 'x' }), 'Condition StringEquals is not an object'],
    [withCondition('x'), 'Condition is not an object'],
  ])('%j', (given, message) => {
    const deploy = deployIdentity(policy(given));

    expect(deploy).toThrow(expect.objectContaining({ name: 'MalformedPolicyError' }));
    expect(deploy).toThrow(`- ${ROLE}, policy p, statement 0: `);
    expect(deploy).toThrow(message);
  });

  it.each<[Given, string]>([
    [{ NotPrincipal: '*', Principal: '*' }, 'the element NotPrincipal is not known'],
    [{}, 'Principal undefined is not known'],
    [{ Principal: {} }, 'Principal names nobody'],
    [{ Principal: { Federated: 'accounts.google.com' } }, 'Principal Federated "accounts.google.com" is not known'],
    [{ Principal: { CanonicalUser: '79a5' } }, 'Principal CanonicalUser "79a5" is not known'],
    [
      { Principal: { AWS: 'arn:aws:iam::000000000000:role/*' } },
      'Principal AWS "arn:aws:iam::000000000000:role/*" is not known',
    ],
    [{ Principal: { AWS: 'AROAEXAMPLE' } }, 'Principal AWS "AROAEXAMPLE" is not known'],
    [{ Principal: { Service: '*' } }, 'Principal Service "*" is not known'],
    [{ Principal: 'lambda.amazonaws.com' }, 'Principal "lambda.amazonaws.com" is not known'],
  ])("a resource's: %j", (more, message) => {
    expect(deployResource(more)).toThrow(`${BUCKET}, resource policy, statement 0: ${message}`);
  });

  it('with all of its mistakes at once, each by the statement’s own id', () => {
    const document = policy(
      statement({ Sid: 'First', Action: 's3:X', Effect: 'Perhaps' }),
      statement({ Sid: 'Second', Action: 's3:Y' }),
    );

    expect(deployIdentity(document)).toThrow(
      expect.objectContaining({
        message: [
          "The policies can't be deployed:",
          `- ${ROLE}, policy p, statement First: Effect is "Perhaps"`,
          `- ${ROLE}, policy p, statement First: IAM has no action s3:X`,
          `- ${ROLE}, policy p, statement Second: IAM has no action s3:Y`,
        ].join('\n'),
      }),
    );
  });

  it('without the version that has escapes, without statements, or with what no policy has', () => {
    expect(deployIdentity({ Statement: [] })).toThrow(`${ROLE}, policy p: Version is undefined, not "2012-10-17"`);
    expect(deployIdentity({ Version: '2012-10-17' } as never)).toThrow('there is no Statement');
    expect(deployIdentity({ ...policy(), Comment: 'x' } as never)).toThrow('the element Comment is not known');
  });

  it('with a role that is there twice', () => {
    const role = roleFor('lambda.amazonaws.com', ROLE);

    expect(() => testIam({ roles: [role, role] })).toThrow(`- ${ROLE} is there twice`);
  });

  it('and what was deployed before stays', () => {
    const iam = testIam({ roles: [roleFor('lambda.amazonaws.com', ROLE, [statement({})])] });

    expect(() => iam.deploy({ roles: [], resourcePolicies: { [BUCKET]: policy(statement({})) } })).toThrow();

    expect(iam.callerOf(iam.sessionKeys(ROLE, 's')).may({ action: 's3:GetObject', resource: `${BUCKET}/k` })).toBe(
      true,
    );
  });
});
