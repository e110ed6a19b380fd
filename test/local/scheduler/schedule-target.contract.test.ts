import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Iam } from '#local/iam/iam.ts';
import { scheduleTarget, type TargetCaller } from '#local/scheduler/schedule-target.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { startGuardedLambda } from '#test/local/iam/guarded-service.ts';
import { allow } from '#test/local/iam/roles.ts';
import { testIam } from '#test/local/iam/test-iam.ts';

const FUNCTION_ARN = 'arn:aws:lambda:eu-central-1:000000000000:function:startTriggeredRun';
const QUEUE_ARN = 'arn:aws:sqs:eu-central-1:000000000000:schedules-dead-letters';
const ROLE = 'arn:aws:iam::000000000000:role/schedules';
const GROUP_ARN = 'arn:aws:scheduler:eu-central-1:000000000000:schedule-group/fedml';
const INVOKE = allow('lambda:InvokeFunction', FUNCTION_ARN);
const SEND = allow('sqs:SendMessage', QUEUE_ARN);

let iam: Iam;
let folder: string;
let lambda: Awaited<ReturnType<typeof startGuardedLambda>>;
let target: TargetCaller;
beforeEach(async () => {
  iam = testIam();
  folder = await mkdtemp(join(tmpdir(), 'schedule-target-'));
  lambda = await startGuardedLambda(iam);
  target = scheduleTarget({
    account: LOCAL_ACCOUNT,
    iam,
    lambda: lambda.url,
    queuesDir: folder,
    target: { functionArn: FUNCTION_ARN, groupArn: GROUP_ARN, roleArn: ROLE, deadLetterArn: QUEUE_ARN },
  });
});
afterEach(async () => {
  target.close();
  await lambda.close();
  await rm(folder, { recursive: true });
});

/** A role for the schedules of one group, as a deployment makes it. */
const grant = (statements: readonly Readonly<Record<string, unknown>>[], groupArn = GROUP_ARN): void =>
  iam.deploy({
    roles: [
      {
        arn: ROLE,
        trust: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'scheduler.amazonaws.com' },
              Action: 'sts:AssumeRole',
              Condition: { StringEquals: { 'aws:SourceArn': groupArn, 'aws:SourceAccount': '000000000000' } },
            },
          ],
        },
        policies: [{ name: 'Grants', document: { Version: '2012-10-17', Statement: statements } }],
      },
    ],
    resourcePolicies: {},
  });

const deadLetters = async (): Promise<object[]> =>
  (await readFile(join(folder, 'schedules-dead-letters.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('the target of a schedule', () => {
  it('is invoked as the schedules’ role', async () => {
    grant([INVOKE]);

    await target.call({ pipeline: 'flights' });

    expect(lambda.invocations).toMatchObject([
      { principal: { type: 'role', roleArn: ROLE }, functionArn: FUNCTION_ARN, event: { pipeline: 'flights' } },
    ]);
  });

  it('is not invoked without the right to, and the queue gets the input', async () => {
    grant([allow('lambda:InvokeFunction', `${FUNCTION_ARN}-other`), SEND]);

    await expect(target.call({ pipeline: 'flights' })).rejects.toMatchObject({ name: 'AccessDeniedException' });

    expect(lambda.invocations).toEqual([]);
    expect(await deadLetters()).toMatchObject([
      { TARGET_ARN: FUNCTION_ARN, ERROR_CODE: 'AccessDeniedException', input: { pipeline: 'flights' } },
    ]);
  });

  it('says that the queue has nothing either, where the role may not send to it', async () => {
    grant([]);

    await expect(target.call({})).rejects.toMatchObject({
      message: expect.stringMatching(/lambda:InvokeFunction.*dead-letter queue.*sqs:SendMessage/s),
      cause: expect.objectContaining({ name: 'AccessDeniedException' }),
    });
  });

  it('is not invoked by a role that trusts the schedules of another group only', async () => {
    grant([INVOKE], 'arn:aws:scheduler:eu-central-1:000000000000:schedule-group/default');

    await expect(target.call({})).rejects.toThrow(/sts:AssumeRole/);

    expect(lambda.invocations).toEqual([]);
  });
});
