import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SFNClient } from '@aws-sdk/client-sfn';
import { type Config, config } from '#shared/config.ts';
import { parseObjectUri } from '#shared/object-store/object-store.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import type { Stage } from '../stage.ts';
import { deploymentFindings } from './aws.ts';
import { bucketFindings, keyOfBucket } from './bucket.ts';
import { type Finding, ok, warning } from './finding.ts';
import { holderFindings } from './holders.ts';
import { kymaFindings } from './kyma.ts';
import { kymaOfEnvironment } from './kyma-of-environment.ts';
import { pipelineFindings } from './pipelines.ts';
import { quotaFindings } from './quotas.ts';
import { type DeployedRole, roleFindings } from './roles.ts';
import { type WantedRoles, wantedRoles } from './wanted-roles.ts';
import { warehouseFindings } from './warehouse.ts';

/**
 * A deployed stage, looked at with the credentials of whoever asks and from where they are. Nothing is changed in it.
 * The process's environment must be the stage's.
 */
export const examineStage = async (stage: Stage, rootDir: string): Promise<Finding[]> => {
  const { name, region, accountId, deployedAt, isInNetwork } = stage;
  const settings = config();
  const { bucket } = parseObjectUri(`${settings.storeUri}/`);
  const { findings, pipelines } = await pipelineFindings(settings.pipelinesDir);
  const credentials = secretsManagerCredentials(() => settings.warehouseSecretArn);
  const stageName = { stack: name, stage: stage.stage };
  const s3 = new S3Client({});
  const wanted = await wantedRoles({
    rootDir,
    stage: stage.stage,
    account: { region, accountId },
    partition: stage.partition,
    bucket,
    params: paramsOf(stage, await keyOfBucket(s3, bucket)),
  });
  const holders = await holderFindings(
    { lambda: new LambdaClient({}), stepFunctions: new SFNClient({}) },
    wanted,
    stageName,
  );
  const roles = [...holders.roles, ...jobRoles(wanted, settings, name)];
  return [
    ok(`stage ${name}`, `in ${region}, account ${accountId}, deployed ${deployedAt}`),
    ...findings,
    ...(await bucketFindings(s3, { name: bucket, region, accountId, stage: stageName, policy: wanted.bucketPolicy })),
    ...holders.findings,
    ...(await roleFindings(new IAMClient({ retryMode: 'adaptive', maxAttempts: 10 }), roles, stageName)),
    ...(await deploymentFindings(settings, pipelines, { sageMaker: sageMaker() })),
    ...(await quotaFindings({ quotas: new ServiceQuotasClient({}), lambda: new LambdaClient({}) }, pipelines)),
    ...(await kymaFindings(kymaOfEnvironment(), pipelines)),
    networkFinding(isInNetwork),
    ...(await warehouseFindings({ credentials, warehouse: hanaWarehouse(credentials) }, pipelines)),
  ];
};

/** The parameters that a stage's roles depend on, as its functions were told them. */
const paramsOf = ({ region, environment, isInNetwork }: Stage, kmsKeyArn: string): Record<string, string> => ({
  region,
  kmsKeyArn,
  // In which network makes no difference to a role.
  network: isInNetwork ? 'existing' : 'public',
  subnetIds: isInNetwork ? 'subnet-0' : '',
  securityGroupIds: isInNetwork ? 'sg-0' : '',
  warehouseSecretArn: environment.FEDML_WAREHOUSE_SECRET_ARN ?? '',
  trainingRoleArn: environment.FEDML_TRAINING_ROLE_ARN ?? '',
  modelRoleArn: environment.FEDML_MODEL_ROLE_ARN ?? '',
  kymaKubeconfigSecretArn: environment.FEDML_KYMA_KUBECONFIG_SECRET_ARN ?? '',
  kymaClientSecretArn: environment.FEDML_KYMA_CLIENT_SECRET_ARN ?? '',
});

const jobRoles = ({ training, model }: WantedRoles, config: Config, stack: string): DeployedRole[] =>
  [
    { ...training, arn: config.trainingRoleArn },
    { ...model, arn: config.modelRoleArn },
  ].map((role) => ({ ...role, isOwn: role.arn.includes(`:role/${stack}/`) }));

const networkFinding = (isInNetwork: boolean): Finding => {
  const subject = 'addresses that the warehouse is called from';
  return isInNetwork
    ? ok(subject, 'those of the stack’s output EgressAddresses; this command calls it from where it runs')
    : warning(
        subject,
        'any of AWS’s: the functions are in no network, so that the allow-list must be open',
        'Deploy with the parameter network=created or existing, and put EgressAddresses on the allow-list.',
      );
};
