import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessDenied } from '#local/iam/errors.ts';
import type { Caller, Check, DeployedPolicies, Iam } from '#local/iam/iam.ts';
import { openIam } from '#local/iam/open-iam.ts';
import type { Decision } from '#local/iam/policy/decide.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { policy, roleFor } from '../roles.ts';
import { testIam } from '../test-iam.ts';

const ROLE = 'arn:aws:iam::000000000000:role/fedml/resolve-run';
const OTHER = 'arn:aws:iam::000000000000:role/other';
const LAMBDA = 'lambda.amazonaws.com';
const OBJECT = 'arn:aws:s3:::b/runs/1/run.json';
const get: Check = { action: 's3:GetObject', resource: OBJECT };

type Given = Readonly<Record<string, unknown>>;
const allow = (more: Given): Given => ({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...more });
const deny = (more: Given): Given => allow({ ...more, Effect: 'Deny' });

/** A session of a role with these statements, in an account with these resource policies. */
const session = (statements: readonly Given[], resourcePolicies: DeployedPolicies['resourcePolicies'] = {}): Caller => {
  const iam = testIam({ roles: [roleFor(LAMBDA, ROLE, statements)], resourcePolicies });
  return iam.callerOf(iam.sessionKeys(ROLE, 'resolveRun'));
};

const bucketPolicy = (...statements: readonly Given[]) => ({
  'arn:aws:s3:::b': policy(
    ...statements.map((statement) => ({
      Action: 's3:*',
      Resource: ['arn:aws:s3:::b', 'arn:aws:s3:::b/*'],
      ...statement,
    })),
  ),
});

const person = (iam: Iam): Caller => iam.callerOf(iam.personKeys);

describe('a role', () => {
  it('may do nothing that no statement allows, in the words of AWS', () => {
    const caller = session([allow({ Resource: 'arn:aws:s3:::b/models/*' })]);

    expect(() => caller.authorize(get)).toThrow(
      'User: arn:aws:sts::000000000000:assumed-role/resolve-run/resolveRun is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/runs/1/run.json" because no identity-based policy allows the s3:GetObject action',
    );
    expect(() =>
      caller.authorize({
        action: 'states:StartExecution',
        resource: 'arn:aws:states:eu-central-1:000000000000:stateMachine:m',
      }),
    ).toThrow(
      'is not authorized to perform: states:StartExecution on resource: arn:aws:states:eu-central-1:000000000000:stateMachine:m because no identity-based policy allows the states:StartExecution action',
    );
  });

  it('is told by all parts of the error what it lacks', () => {
    const caller = session([]);

    let error: unknown;
    try {
      caller.authorize(get);
    } catch (caught) {
      error = caught;
    }

    expect(error).toBeInstanceOf(AccessDenied);
    expect(error).toMatchObject({
      principal: caller.principal,
      action: 's3:GetObject',
      resource: OBJECT,
      reason: 'because no identity-based policy allows the s3:GetObject action',
    });
  });

  it('needs each of several checks', () => {
    const caller = session([allow({})]);

    caller.authorize(get, get);
    expect(() => caller.authorize(get, { ...get, action: 's3:PutObject' })).toThrow('s3:PutObject');
  });

  it('may do nothing that a statement of its own denies', () => {
    const caller = session([allow({}), deny({ Resource: 'arn:aws:s3:::b/runs/*' })]);

    expect(() => caller.authorize(get)).toThrow(/with an explicit deny in an identity-based policy$/);
    expect(caller.may({ ...get, resource: 'arn:aws:s3:::b/models/1' })).toBe(true);
  });

  it('may do what everything but something leaves it', () => {
    const caller = session([
      { Effect: 'Allow', NotAction: ['s3:DeleteObject', 's3:Put*'], NotResource: 'arn:aws:s3:::b/secret/*' },
    ]);

    expect(caller.may(get)).toBe(true);
    expect(caller.may({ ...get, action: 's3:PutObject' })).toBe(false);
    expect(caller.may({ ...get, resource: 'arn:aws:s3:::b/secret/1' })).toBe(false);
  });

  it('is nobody before its policies are deployed, or after', () => {
    const iam = openIam({ account: LOCAL_ACCOUNT });
    const caller = iam.callerOf(iam.sessionKeys(ROLE, 's'));

    expect(caller.may(get)).toBe(false);
    iam.deploy({ roles: [roleFor(LAMBDA, ROLE, [allow({})])], resourcePolicies: {} });
    expect(caller.may(get)).toBe(true);
    iam.deploy({ roles: [], resourcePolicies: {} });
    expect(caller.may(get)).toBe(false);
  });
});

describe('names', () => {
  it('of actions ignore case, those of resources do not', () => {
    expect(session([allow({ Action: 'S3:getobject' })]).may(get)).toBe(true);
    expect(session([allow({ Action: 'S3:GETo*' })]).may(get)).toBe(true);
    expect(session([allow({ Resource: 'arn:aws:s3:::b/Runs/*' })]).may(get)).toBe(false);
  });

  it('of condition keys ignore case, their values do not', () => {
    const check = { action: 'sagemaker:AddTags', resource: 'arn:aws:sagemaker:eu-central-1:000000000000:model/m' };
    const caller = (key: string, value: string): Caller =>
      session([allow({ Action: check.action, Condition: { StringEquals: { [key]: value } } })]);
    const context = { 'aws:RequestTag/fedml:store': 'bucket' };

    expect(caller('aws:RequestTag/fedml:store', 'bucket').may({ ...check, context })).toBe(true);
    expect(caller('AWS:requesttag/FedML:Store', 'bucket').may({ ...check, context })).toBe(true);
    expect(caller('aws:RequestTag/fedml:store', 'Bucket').may({ ...check, context })).toBe(false);
    expect(caller('aws:RequestTag/fedml:store', 'bucket').may(check)).toBe(false);
  });

  it('with wildcards in a request are plain characters', () => {
    const caller = session([allow({ Resource: 'arn:aws:s3:::b/runs/*' })]);

    for (const key of ['*', '?uns/1', 'run?/1', 'r*/1']) {
      expect(caller.may({ ...get, resource: `arn:aws:s3:::b/${key}` }), key).toBe(false);
    }
    expect(caller.may({ ...get, resource: 'arn:aws:s3:::b/runs/*\n' })).toBe(true);
  });
});

describe('an action that has no resources', () => {
  it('is allowed for all of them only', () => {
    const check = { action: 'ecr:GetAuthorizationToken', resource: '*' };

    expect(session([allow({ Action: check.action })]).may(check)).toBe(true);
    expect(session([allow({ Action: check.action, Resource: 'arn:aws:ecr:*:*:repository/*' })]).may(check)).toBe(false);
  });

  it("may be allowed on a state machine all the same, as Step Functions checks a task's answer", () => {
    const resource = 'arn:aws:states:eu-central-1:000000000000:stateMachine:training';
    const caller = session([allow({ Action: 'states:SendTask*', Resource: resource })]);

    expect(caller.may({ action: 'states:SendTaskSuccess', resource })).toBe(true);
    expect(caller.may({ action: 'states:SendTaskSuccess', resource: `${resource}2` })).toBe(false);
  });
});

describe('a resource policy', () => {
  it.each([
    ['everybody', '*', true],
    ['everybody of AWS', { AWS: '*' }, true],
    ['the role', { AWS: ROLE }, true],
    ['one of several', { AWS: [OTHER, ROLE] }, true],
    ['the session', { AWS: 'arn:aws:sts::000000000000:assumed-role/resolve-run/resolveRun' }, true],
    ['another session', { AWS: 'arn:aws:sts::000000000000:assumed-role/resolve-run/other' }, false],
    ['another role', { AWS: OTHER }, false],
    ['the account, which leaves it to identity policies', { AWS: 'arn:aws:iam::000000000000:root' }, false],
    ['another account', { AWS: '111111111111' }, false],
    ['a service', { Service: LAMBDA }, false],
  ])('that allows %s suffices or not', (_, Principal, suffices) => {
    expect(session([], bucketPolicy({ Effect: 'Allow', Principal })).may(get)).toBe(suffices);
  });

  it.each([
    ['everybody', '*', true],
    ['the role', { AWS: ROLE }, true],
    ['the whole account', { AWS: '000000000000' }, true],
    ['another role', { AWS: OTHER }, false],
    ['a service', { Service: LAMBDA }, false],
  ])('that denies %s wins or not', (_, Principal, wins) => {
    const caller = session([allow({})], bucketPolicy({ Effect: 'Deny', Principal }));

    if (wins) expect(() => caller.authorize(get)).toThrow(/with an explicit deny in a resource-based policy$/);
    else caller.authorize(get);
  });

  it('holds for the person too, who may do everything else', () => {
    const iam = testIam({
      resourcePolicies: bucketPolicy({ Effect: 'Deny', Principal: '*', Action: 's3:DeleteObject' }),
    });

    expect(person(iam).may(get)).toBe(true);
    expect(() => person(iam).authorize({ ...get, action: 's3:DeleteObject' })).toThrow(
      'User: arn:aws:iam::000000000000:user/local-administrator is not authorized to perform: s3:DeleteObject on resource: "arn:aws:s3:::b/runs/1/run.json" with an explicit deny in a resource-based policy',
    );
  });

  it("of a bucket doesn't deny what comes over TLS", () => {
    const tls = bucketPolicy(
      { Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      { Effect: 'Deny', Principal: '*', Condition: { NumericLessThan: { 's3:TlsVersion': '1.2' } } },
    );

    expect(session([allow({})], tls).may(get)).toBe(true);
  });

  it('is the only one that allows a service something, and names its cause', () => {
    const rule = 'arn:aws:events:eu-central-1:000000000000:rule/bus/r';
    const target = 'arn:aws:lambda:eu-central-1:000000000000:function:f';
    const check = { action: 'lambda:InvokeFunction', resource: `${target}:live` };
    const iam = testIam({
      resourcePolicies: {
        [target]: policy({
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'lambda:InvokeFunction',
          Resource: [target, `${target}:*`],
          Condition: { ArnLike: { 'aws:SourceArn': rule }, StringEquals: { 'aws:SourceAccount': '000000000000' } },
        }),
      },
    });
    const by = (service: string, sourceArn: string): Caller => iam.callerOf(iam.serviceKeys(service, sourceArn));

    expect(by('events.amazonaws.com', rule).may(check)).toBe(true);
    expect(by('events.amazonaws.com', `${rule}2`).may(check)).toBe(false);
    expect(() => by('scheduler.amazonaws.com', rule).authorize(check)).toThrow(
      `User: scheduler.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: ${target}:live because no resource-based policy allows the lambda:InvokeFunction action`,
    );
  });

  it('is needed too for what belongs to another account', () => {
    const repository = 'arn:aws:ecr:eu-central-1:763104351884:repository/sklearn';
    const check = { action: 'ecr:BatchGetImage', resource: repository };
    const open = { [repository]: policy({ Effect: 'Allow', Principal: '*', Action: 'ecr:BatchGetImage' }) };

    expect(session([allow({ Action: 'ecr:*' })], open).may(check)).toBe(true);
    expect(session([], open).may(check)).toBe(false);
    const here = { StringEquals: { 'aws:ResourceAccount': '000000000000' } };
    expect(session([allow({ Action: 'ecr:*', Condition: here })], open).may(check)).toBe(false);
    expect(() => session([allow({ Action: 'ecr:*' })]).authorize(check)).toThrow(
      /because no resource-based policy allows the ecr:BatchGetImage action$/,
    );
  });
});

describe('taking a role', () => {
  const sourceArn = 'arn:aws:sagemaker:eu-central-1:000000000000:training-job/j';
  const trustOf = (...statements: readonly Given[]): Iam =>
    testIam({
      roles: [
        {
          arn: ROLE,
          trust: policy(...statements.map((more) => ({ Effect: 'Allow', Action: 'sts:AssumeRole', ...more }))),
          policies: [],
        },
      ],
    });

  it('is for the services that it trusts, on whose behalf it says', () => {
    const iam = trustOf({
      Principal: { Service: 'sagemaker.amazonaws.com' },
      Condition: {
        StringEquals: { 'aws:SourceAccount': '000000000000' },
        ArnLike: { 'aws:SourceArn': 'arn:aws:sagemaker:*:000000000000:training-job/*' },
      },
    });

    iam.assertTrusts(ROLE, 'sagemaker.amazonaws.com', sourceArn);
    expect(() => iam.assertTrusts(ROLE, 'sagemaker.amazonaws.com', sourceArn.replace('training-job', 'model'))).toThrow(
      AccessDenied,
    );
    expect(() => iam.assertTrusts(ROLE, LAMBDA, sourceArn)).toThrow(
      `User: lambda.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: ${ROLE} because no role trust policy allows the sts:AssumeRole action`,
    );
    expect(() => iam.assertTrusts(OTHER, 'sagemaker.amazonaws.com', sourceArn)).toThrow(AccessDenied);
  });

  it('is refused where the trust policy denies it', () => {
    const iam = trustOf({ Principal: '*' }, { Effect: 'Deny', Principal: { Service: LAMBDA } });

    expect(() => iam.assertTrusts(ROLE, LAMBDA, sourceArn)).toThrow(/with an explicit deny in a role trust policy$/);
  });

  it('takes more than being the administrator', () => {
    const check = { action: 'sts:AssumeRole', resource: ROLE };

    expect(person(trustOf({ Principal: { Service: LAMBDA } })).may(check)).toBe(false);
    expect(person(trustOf({ Principal: { AWS: 'arn:aws:iam::000000000000:root' } })).may(check)).toBe(true);
    const byRole = (iam: Iam): Caller => iam.callerOf(iam.sessionKeys(OTHER, 's'));
    expect(byRole(trustOf({ Principal: { AWS: '000000000000' } })).may(check)).toBe(false);
    expect(byRole(trustOf({ Principal: { AWS: OTHER } })).may(check)).toBe(true);
  });
});

describe('a condition', () => {
  const put = (Condition: Given, context: Check['context'] = {}): boolean =>
    session([allow({ Action: 's3:PutObject', Condition })]).may({ action: 's3:PutObject', resource: OBJECT, context });
  const acl = (value: string) => ({ 's3:x-amz-acl': value });
  const tags = (...keys: string[]) => ({ 's3:RequestObjectTagKeys': keys });

  it.each<[string, Given, Check['context'], boolean]>([
    ['StringEquals', acl('a'), acl('a'), true],
    ['StringEquals', acl('a*'), acl('ab'), false],
    ['StringEquals', acl('a${*}'), acl('a*'), true],
    ['StringEquals', acl('a'), {}, false],
    ['StringEqualsIfExists', acl('a'), {}, true],
    ['StringEqualsIfExists', acl('a'), acl('b'), false],
    ['StringEqualsIgnoreCase', acl('A'), acl('a'), true],
    ['StringNotEquals', acl('a'), {}, true],
    ['StringNotEquals', { 's3:x-amz-acl': ['a', 'b'] }, acl('b'), false],
    ['StringNotEquals', { 's3:x-amz-acl': ['a', 'b'] }, acl('c'), true],
    ['StringLike', acl('a*c'), acl('a\nc'), true],
    ['StringLike', acl('abc'), acl('a*'), false],
    ['StringNotLike', acl('a*'), acl('ab'), false],
    ['Bool', { 'aws:SecureTransport': true }, {}, true],
    ['Bool', { 'aws:SecureTransport': 'False' }, {}, false],
    ['NumericLessThan', { 's3:TlsVersion': 1.3 }, {}, false],
    ['NumericLessThan', { 's3:TlsVersion': '1.2' }, { 's3:TlsVersion': '1.1' }, true],
    ['NumericGreaterThanEquals', { 's3:TlsVersion': '1.3' }, {}, true],
    ['NumericLessThanEquals', { 's3:TlsVersion': '9' }, { 's3:TlsVersion': '10' }, false],
    ['ArnEquals', { 'aws:PrincipalArn': 'arn:aws:iam::*:role/fedml/*' }, {}, true],
    ['ArnLike', { 'aws:PrincipalArn': 'arn:aws:iam::000000000000:role/resolve-run' }, {}, false],
    ['ArnNotLike', { 'aws:PrincipalArn': 'arn:aws:iam::000000000000:role/fedml/*' }, {}, false],
    ['Null', { 's3:x-amz-acl': 'true' }, {}, true],
    ['Null', { 's3:x-amz-acl': 'false' }, {}, false],
    ['Null', { 's3:x-amz-acl': 'false' }, acl(''), true],
    ['Null', tags('true'), tags(), true],
    ['ForAnyValue:StringEquals', tags('a'), tags('b', 'a'), true],
    ['ForAnyValue:StringEquals', tags('a'), {}, false],
    ['ForAllValues:StringEquals', tags('a', 'b'), tags('a', 'c'), false],
    ['ForAllValues:StringEquals', tags('a', 'b'), tags('a', 'b', 'a'), true],
    ['ForAllValues:StringEquals', tags('a'), {}, true],
    ['forallvalues:stringequals', tags('a'), tags(), true],
  ])('%s %j and a request with %j: %s', (operator, keys, context, holds) => {
    expect(put({ [operator]: keys }, context)).toBe(holds);
  });

  it('must hold in all of its parts', () => {
    const both = {
      StringEquals: { 's3:x-amz-acl': 'a', 's3:x-amz-storage-class': 'b' },
      Bool: { 'aws:SecureTransport': 'true' },
    };

    expect(put(both, { 's3:x-amz-acl': 'a', 's3:x-amz-storage-class': 'b' })).toBe(true);
    expect(put(both, { 's3:x-amz-acl': 'a' })).toBe(false);
  });

  it('knows who asks, from which account, and the function that a session is', () => {
    const facts = {
      'aws:PrincipalAccount': '000000000000',
      'aws:RequestedRegion': 'eu-central-1',
      'aws:ResourceAccount': '000000000000',
      's3:ResourceAccount': '000000000000',
      'aws:PrincipalIsAWSService': 'false',
      'lambda:SourceFunctionArn': 'arn:aws:lambda:eu-central-1:000000000000:function:resolveRun',
    };

    for (const [key, value] of Object.entries(facts)) expect(put({ StringEquals: { [key]: value } }), key).toBe(true);
  });

  it("can't be met by a key that AWS doesn't send with the action", () => {
    expect(put({ StringEquals: { 'aws:ResourceTag/a': 'b' } }, { 'aws:ResourceTag/a': 'b' })).toBe(false);
    expect(put({ 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'a' } }, { 'aws:TagKeys': ['a'] })).toBe(false);
  });
});

describe("a stand-in's mistake", () => {
  it('is an error of its own, and no denial', () => {
    const iam = testIam();

    expect(() => person(iam).authorize({ action: 's3:PutObjekt', resource: OBJECT })).toThrow(
      new TypeError('IAM has no action s3:PutObjekt.'),
    );
    expect(() =>
      session([allow({ Condition: { StringEquals: { 's3:prefix': '' } } })]).may({
        ...get,
        context: { 's3:prefiks': 'x' },
      }),
    ).toThrow(new TypeError('IAM has no condition key s3:prefiks.'));
  });
});

describe('decisions', () => {
  it('can be listened to: who asked what, and the statement that allowed it', () => {
    const heard: Decision[] = [];
    const iam = openIam({ account: LOCAL_ACCOUNT, onDecision: (decision) => heard.push(decision) });
    iam.deploy({
      roles: [roleFor(LAMBDA, ROLE, [allow({ Action: 's3:PutObject' }), allow({ Sid: 'Read' })])],
      resourcePolicies: bucketPolicy({ Effect: 'Allow', Principal: '*', Action: 's3:ListBucket' }),
    });
    const caller = iam.callerOf(iam.sessionKeys(ROLE, 's'));

    caller.authorize(get);
    caller.may({ action: 's3:ListBucket', resource: 'arn:aws:s3:::b' });
    caller.may({ action: 's3:DeleteObject', resource: OBJECT });

    expect(heard).toMatchObject([
      { principal: { roleArn: ROLE }, check: get, allowed: true, by: { policy: 'Grants', statement: 1, sid: 'Read' } },
      { allowed: true, by: { policy: 'arn:aws:s3:::b', statement: 0 } },
      {
        check: { action: 's3:DeleteObject' },
        allowed: false,
        reason: 'because no identity-based policy allows the s3:DeleteObject action',
      },
    ]);
  });
});

describe('for all policies', () => {
  const action = fc.constantFrom('s3:GetObject', 's3:PutObject', 's3:*', '*', 's3:Get*', 'S3:PUTOBJECT');
  const resource = fc.constantFrom(
    '*',
    'arn:aws:s3:::b/*',
    'arn:aws:s3:::b/runs/*',
    'arn:aws:s3:::b/a?b',
    'arn:aws:s3:::b/a${*}b',
    'arn:aws:s3:::c*',
  );
  const statement = fc.record({ Effect: fc.constantFrom('Allow', 'Deny'), Action: action, Resource: resource });
  const check = fc.record({
    action: fc.constantFrom('s3:GetObject', 's3:PutObject'),
    resource: fc.constantFrom(
      'arn:aws:s3:::b/runs/1',
      'arn:aws:s3:::b/a*b',
      'arn:aws:s3:::b/aXb',
      'arn:aws:s3:::b/*',
      'arn:aws:s3:::c/x',
    ),
  });

  it('the order of statements means nothing, a deny only takes away, and an allow only gives', () => {
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 5 }), statement, check, (statements, more, asked) => {
        const verdict = session(statements).may(asked);
        expect(session(statements.toReversed()).may(asked)).toBe(verdict);
        const after = session([...statements, more]).may(asked);
        if (more.Effect === 'Deny') expect(!verdict && after).toBe(false);
        else expect(verdict && !after).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
