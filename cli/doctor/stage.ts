import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { config, pipelineStateMachineArn } from '#shared/config.ts';
import { parseObjectUri } from '#shared/object-store/object-store.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import type { Stage } from '../stage.ts';
import { deploymentFindings } from './aws.ts';
import { bucketFindings } from './bucket.ts';
import { type Finding, ok, warning } from './finding.ts';
import { kymaFindings } from './kyma.ts';
import { kymaOfEnvironment } from './kyma-of-environment.ts';
import { pipelineFindings } from './pipelines.ts';
import { quotaFindings } from './quotas.ts';
import { executionRoleFindings, wantedRoles } from './roles.ts';
import { warehouseFindings } from './warehouse.ts';

/**
 * A deployed stage, looked at with the credentials of whoever asks and from where they are. Nothing is changed in it.
 * The process's environment must be the stage's.
 */
export const examineStage = async ({ name, region, accountId, deployedAt, isInNetwork }: Stage): Promise<Finding[]> => {
  const settings = config();
  const { bucket } = parseObjectUri(`${settings.storeUri}/`);
  const { findings, pipelines } = await pipelineFindings(settings.pipelinesDir);
  const credentials = secretsManagerCredentials(() => settings.warehouseSecretArn);
  const roles = wantedRoles({ ...settings, bucket, region, accountId });
  return [
    ok(`stage ${name}`, `in ${region}, account ${accountId}, deployed ${deployedAt}`),
    ...findings,
    ...(await bucketFindings(new S3Client({}), { name: bucket, region, accountId })),
    ...(await deploymentFindings(settings, pipelineStateMachineArn(), pipelines, { sageMaker: sageMaker() })),
    ...(await executionRoleFindings(new IAMClient({}), roles)),
    ...(await quotaFindings({ quotas: new ServiceQuotasClient({}), lambda: new LambdaClient({}) }, pipelines)),
    ...(await kymaFindings(kymaOfEnvironment(), pipelines)),
    networkFinding(isInNetwork),
    ...(await warehouseFindings({ credentials, warehouse: hanaWarehouse(credentials) }, pipelines)),
  ];
};

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
