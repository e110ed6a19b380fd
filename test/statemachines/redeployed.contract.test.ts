import { RedriveExecutionCommand, StartExecutionCommand, UpdateStateMachineCommand } from '@aws-sdk/client-sfn';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { logger } from '#shared/logger.ts';
import { step } from '#shared/step.ts';
import { functionArn, openStepFunctions } from '#test/local/step-functions/open-step-functions.ts';
import { RUN_URI } from '#test/shared/pipeline/fixture.ts';

logger.setLogLevel('SILENT');

const CONTEXT = { functionName: 'train', awsRequestId: 'r' } as never;

const definition = (Arguments: object) => ({
  QueryLanguage: 'JSONata',
  StartAt: 'Train',
  States: { Train: { Type: 'Task', Resource: functionArn('train'), Arguments, End: true } },
});

it('an execution that is redriven after a deployment keeps its definition, and is told how to go on where that no longer fits', async () => {
  await using sfn = await openStepFunctions();
  sfn.lambda.functions.train = () => {
    throw Object.assign(new Error('The instance is gone.'), { name: 'CapacityUnavailableError' });
  };
  const old = definition({ runUri: RUN_URI, instances: 1 });
  const executionArn = await sfn.start(old);
  await sfn.closed(executionArn);

  const stateMachineArn = (await sfn.closed(executionArn)).stateMachineArn!;
  const today = JSON.stringify(definition({ runUri: RUN_URI }));
  await sfn.client.send(new UpdateStateMachineCommand({ stateMachineArn, definition: today }));
  const handler = step({ input: z.strictObject({ runUri: z.string() }), output: z.unknown() }, async () => 'trained');
  sfn.lambda.functions.train = (event) => handler(event, CONTEXT);
  await sfn.client.send(new RedriveExecutionCommand({ executionArn }));

  const redriven = await sfn.closed(executionArn);
  expect(redriven).toMatchObject({ status: 'FAILED', error: 'InvalidInputError', redriveCount: 1 });
  expect(JSON.parse(redriven.cause!).errorMessage).toMatch(/instances[\s\S]*npx fedml resume run-1$/);
  const resumed = await sfn.client.send(new StartExecutionCommand({ stateMachineArn, input: '{"resume":"run-1"}' }));
  expect(await sfn.closed(resumed.executionArn!)).toMatchObject({ status: 'SUCCEEDED', value: 'trained' });
});
