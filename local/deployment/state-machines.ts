import {
  CreateStateMachineCommand,
  DescribeStateMachineCommand,
  type SFNClient,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import type { Deployment, StateMachine } from '#local/template/deployment.ts';

/** Creates or updates the state machines of a deployment. */
export const deployStateMachines = async (
  sfn: SFNClient,
  { stateMachines }: Pick<Deployment, 'stateMachines'>,
): Promise<void> => {
  for (const machine of stateMachines) await deploy(sfn, machine);
};

const deploy = async (sfn: SFNClient, { name, arn, roleArn, definition }: StateMachine): Promise<void> => {
  const current = await deployed(sfn, arn);
  if (current?.definition === definition && current.roleArn === roleArn) return;
  if (current !== undefined) {
    await sfn.send(new UpdateStateMachineCommand({ stateMachineArn: arn, definition, roleArn }));
    return;
  }
  await sfn.send(new CreateStateMachineCommand({ name, definition, roleArn, type: 'STANDARD' }));
};

const deployed = async (
  sfn: SFNClient,
  stateMachineArn: string,
): Promise<{ readonly definition?: string | undefined; readonly roleArn?: string | undefined } | undefined> => {
  try {
    return await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
  } catch (error) {
    if ((error as Error).name === 'StateMachineDoesNotExist') return undefined;
    throw error;
  }
};
