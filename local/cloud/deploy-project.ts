import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { CloudAddress } from '#local/cloud-file.ts';
import { deployRules } from '#local/deployment/rules.ts';
import { deployStateMachines } from '#local/deployment/state-machines.ts';
import type { Deployment } from '#local/template/deployment.ts';
import type { CloudOptions } from './options.ts';
import type { Services } from './services.ts';
import { commandVariables, DATABASE_USER, sdk } from './settings.ts';

/** Does what a deployment does in AWS: the buckets, the bus, the rules and the state machines. Returns how to reach them. */
export const deployProject = async (
  services: Services,
  { pipelinesDir }: CloudOptions,
): Promise<Pick<CloudAddress, 'environment' | 'stateMachineArns' | 'services'>> => {
  const { deployment, endpoints } = services;
  const { personKeys } = services.iam;
  const client = sdk(personKeys);
  await Promise.all([
    deployStateMachines(new SFNClient({ ...client, endpoint: services.stepFunctions.url }), deployment),
    deployRules(new EventBridgeClient({ ...client, endpoint: services.eventBridge.url }), deployment),
    deployBuckets(new S3Client({ ...client, endpoint: services.s3.url }), deployment),
  ]);
  return {
    environment: commandVariables(deployment, endpoints, personKeys, pipelinesDir),
    stateMachineArns: stateMachineArns(deployment),
    services: servicesForPeople(services),
  };
};

/** By their names within the stage, such as `pipeline`. */
const stateMachineArns = ({ stackName, stateMachines }: Deployment): Record<string, string> =>
  Object.fromEntries(stateMachines.map(({ name, arn }) => [name.replace(`${stackName}-`, ''), arn]));

const deployBuckets = async (s3: S3Client, { buckets }: Deployment): Promise<void> => {
  for (const Bucket of buckets) {
    try {
      await s3.send(new CreateBucketCommand({ Bucket }));
    } catch (error) {
      if ((error as Error).name !== 'BucketAlreadyOwnedByYou') throw error;
    }
  }
};

const servicesForPeople = (services: Services): Record<string, string> => ({
  'Step Functions': services.stepFunctions.url,
  Lambda: services.lambda.url,
  S3: services.s3.url,
  EventBridge: services.eventBridge.url,
  SageMaker: services.sageMaker.url,
  'Secrets Manager': services.secrets.url,
  'CloudWatch Logs': services.logs.url,
  ...(services.kyma && { ECR: services.kyma.registry.url, Kubernetes: services.kyma.kubernetes.url }),
  Datasphere: `${services.hana.host}:${services.hana.port} as ${DATABASE_USER}`,
});
