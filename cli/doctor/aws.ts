import { randomUUID } from 'node:crypto';
import type { Config } from '#shared/config.ts';
import { assertEventBus } from '#shared/event-bus/eventbridge.ts';
import { assertStateMachine } from '#shared/executions/step-functions.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { type Endpoints, endpointNameOf } from '#shared/sagemaker/endpoint.ts';
import { frameworkImageUri } from '#shared/sagemaker/image-uris.ts';
import { examine, type Finding, ok, problem, type Remedies } from './finding.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly sageMaker: Pick<Endpoints, 'describeEndpoint'>;
}

/** What the configuration names in the laptop's cloud, whose store may be written to and whose roles exist by name only. */
export const awsFindings = async (
  config: Config,
  stateMachineArn: string,
  pipelines: readonly PipelineDefinition[],
  { objectStore, sageMaker }: Ports,
): Promise<Finding[]> => [
  await examine(
    `store ${config.storeUri}`,
    'Create the bucket, and let this identity read, write and delete in it.',
    () => writeAndRead(objectStore, config.storeUri),
  ),
  roleFinding('training role', config.trainingRoleArn, stateMachineArn),
  roleFinding('model role', config.modelRoleArn, stateMachineArn),
  await examine(
    'state machine pipeline',
    { remedy: 'Deploy the stack.', action: `states:DescribeStateMachine on ${stateMachineArn}` },
    async () => {
      await assertStateMachine(stateMachineArn);
      return 'deployed';
    },
  ),
  ...(await deploymentFindings(config, pipelines, { sageMaker })),
];

/** What the configuration names in AWS and on the laptop alike: bus, images, endpoints. */
export const deploymentFindings = async (
  config: Config,
  pipelines: readonly PipelineDefinition[],
  { sageMaker }: Pick<Ports, 'sageMaker'>,
): Promise<Finding[]> => [
  await examine(`event bus ${config.eventBusName}`, busRemedies(config.eventBusName), async () => {
    await assertEventBus(config.eventBusName);
    return 'there';
  }),
  ...(await Promise.all(pipelines.map((pipeline) => imageFinding(pipeline, config.region)))),
  ...(await Promise.all(pipelines.map((pipeline) => endpointFinding(pipeline, config.stage, sageMaker)))).flat(),
];

const busRemedies = (name: string): Remedies => ({
  remedy: `Deploy the stack, or correct FEDML_EVENT_BUS_NAME. If the deployment says "No changes", the bus was deleted by hand: aws events create-event-bus --name ${name}`,
  action: `events:DescribeEventBus on ${name}`,
});

const writeAndRead = async (objectStore: ObjectStore, storeUri: string): Promise<string> => {
  const uri = `${storeUri}/doctor/${randomUUID()}.txt`;
  await objectStore.put(uri, 'written by fedml doctor');
  try {
    await objectStore.getText(uri);
  } finally {
    await objectStore.delete(uri);
  }
  return 'an object was written, read and deleted';
};

/** Whether SageMaker may take a role, only a job tells; what can be told is whether the ARN can be right. */
const roleFinding = (subject: string, roleArn: string, stateMachineArn: string): Finding => {
  const account = stateMachineArn.split(':')[4];
  const [, roleAccount] = /^arn:aws[\w-]*:iam::(\d{12}):role\/.+$/.exec(roleArn) ?? [];
  if (roleAccount === undefined) return problem(subject, `${roleArn} is no role's ARN`, 'Correct the variable.');
  if (roleAccount === account) return ok(subject, roleArn);
  return problem(
    subject,
    `${roleArn} is of another account than ${account}`,
    'SageMaker takes roles of its account only.',
  );
};

const imageFinding = ({ name, training }: PipelineDefinition, region: string): Promise<Finding> =>
  examine(`image of ${name}`, 'Choose a version and region that SageMaker has an image for.', async () => {
    const { framework, frameworkVersion, imageUri, instanceType } = training;
    return imageUri ?? frameworkImageUri({ framework, frameworkVersion, region, scope: 'training', instanceType });
  });

const endpointFinding = async (
  { name, deployment }: PipelineDefinition,
  stage: string | undefined,
  sageMaker: Ports['sageMaker'],
): Promise<Finding[]> => {
  if (deployment.target !== 'sagemaker') return [];
  const endpointName = endpointNameOf({ pipeline: name, stage }, deployment);
  const subject = `endpoint ${endpointName}`;
  const found = await examine(subject, 'Let this identity call sagemaker:DescribeEndpoint.', async () => {
    const endpoint = await sageMaker.describeEndpoint(endpointName);
    if (endpoint?.EndpointStatus !== 'Failed') return endpoint?.EndpointStatus ?? 'none yet: the first run creates it';
    return problem(subject, `Failed: ${endpoint.FailureReason}`, `Run ${name} again: it replaces the endpoint.`);
  });
  return [found];
};
