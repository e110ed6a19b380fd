import { SFNClient } from '@aws-sdk/client-sfn';
import { afterEach, expect, it } from 'vitest';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import type { StandIn } from '#local/stand-in.ts';
import { stepFunctionsTaskTokens } from '#shared/tasks/step-functions.ts';
import { serveFake } from '#test/local/http/fake-service.ts';

let server: StandIn | undefined;
afterEach(() => server?.close());

const against = async (operations: Record<string, Operation>) => {
  server = await serveFake({ targetPrefix: 'AWSStepFunctions', jsonVersion: '1.0', operations });
  return stepFunctionsTaskTokens(
    new SFNClient({
      endpoint: server.url,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    }),
  );
};

it('sends an answer as JSON', async () => {
  const sent: unknown[] = [];
  const tokens = await against({ SendTaskSuccess: (input: unknown) => void sent.push(input) });

  expect(await tokens.succeed('token-1', { trainingJobName: 'job-1' })).toBe('accepted');
  expect(sent).toEqual([{ taskToken: 'token-1', output: '{"trainingJobName":"job-1"}' }]);
});

it('cuts a cause to what Step Functions takes', async () => {
  const sent: { cause: string }[] = [];
  const tokens = await against({ SendTaskFailure: (input: { cause: string }) => void sent.push(input) });

  await tokens.fail('token-1', { error: 'TrainingFailedError', cause: 'x'.repeat(40_000) });

  expect(sent[0]!.cause).toHaveLength(32_768);
});

it.each(['TaskTimedOut', 'InvalidToken', 'TaskDoesNotExist'])(
  'takes %s for a token that nobody waits for',
  async (name) => {
    const tokens = await against({
      SendTaskHeartbeat: () => {
        throw new AwsError(name, 'gone');
      },
    });

    expect(await tokens.heartbeat('token-1')).toBe('gone');
  },
);

it('doesn’t take a missing permission for that', async () => {
  const tokens = await against({
    SendTaskSuccess: () => {
      throw new AwsError('AccessDeniedException', 'states:SendTaskSuccess');
    },
  });

  await expect(tokens.succeed('token-1', {})).rejects.toMatchObject({ name: 'AccessDeniedException' });
});
