import { expect, it } from 'vitest';
import { sharedVariables } from '#local/deployment/functions.ts';
import { functionsByKey, localDeployment } from '#test/deployment/local-deployment.ts';

const deployment = await localDeployment();

it('gives each function the variables and the role of its entry', () => {
  const { extractPartition, startRun } = functionsByKey(deployment);

  expect(extractPartition!.environment).toHaveProperty('NODE_OPTIONS');
  expect(startRun!.environment).toMatchObject({
    FEDML_STAGE: 'local',
    FEDML_PIPELINE_STATE_MACHINE_ARN:
      'arn:aws:states:eu-central-1:000000000000:stateMachine:fedml-serverless-local-pipeline',
  });
  expect(startRun!.roleArn).toMatch(
    /^arn:aws:iam::000000000000:role\/fedml-serverless-local\/fedml-serverless-local-StartRunRole-/,
  );
});

it('finds the variables that all functions share', () => {
  const shared = sharedVariables(deployment);

  expect(shared).toMatchObject({ FEDML_STAGE: 'local', FEDML_EVENT_BUS_NAME: 'fedml-serverless-local' });
  expect(shared).not.toHaveProperty('FEDML_PIPELINE_STATE_MACHINE_ARN');
});
