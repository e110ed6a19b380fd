import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { CloudAddress } from '#local/cloud-file.ts';
import { deployEventBus } from '#local/deployment/event-bus.ts';
import { deployRules } from '#local/deployment/rules.ts';
import { deployStateMachines } from '#local/deployment/state-machines.ts';
import { LOCAL_ACCOUNT as account } from '#local/stand-in.ts';
import type { CloudOptions } from './options.ts';
import type { Services } from './services.ts';
import { BUCKET, DATABASE_USER, SDK } from './settings.ts';

/** Does what a deployment does in AWS: the bucket, the bus, the rules and the state machines. Returns how to reach them. */
export const deployProject = async (
  services: Services,
  { rootDir }: CloudOptions,
): Promise<Pick<CloudAddress, 'environment' | 'stateMachineArns' | 'services'>> => {
  const [stateMachineArns] = await Promise.all([
    deployStateMachines(new SFNClient({ ...SDK, endpoint: services.stepFunctions.url }), { rootDir, account }),
    deployEvents(new EventBridgeClient({ ...SDK, endpoint: services.eventBridge.url }), rootDir),
    deployBucket(new S3Client({ ...SDK, endpoint: services.s3.url })),
  ]);
  return {
    environment: { ...services.environment, AWS_REGION: account.region },
    stateMachineArns,
    services: servicesForPeople(services),
  };
};

const deployEvents = async (eventBridge: EventBridgeClient, rootDir: string): Promise<void> => {
  await deployEventBus(eventBridge);
  await deployRules(eventBridge, { rootDir, account });
};

const deployBucket = async (s3: S3Client): Promise<void> => {
  try {
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  } catch (error) {
    if ((error as Error).name !== 'BucketAlreadyOwnedByYou') throw error;
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
