import { join } from 'node:path';
import type { DeployedPolicies, PolicyDocument } from '#local/iam/iam.ts';
import { openImagePolicies } from '#local/registry/open-images.ts';
import { LOCAL_ACCOUNT as account } from '#local/stand-in.ts';
import type { Deployment } from '#local/template/deployment.ts';
import { resolveDeployment } from '#local/template/resolve-deployment.ts';
import { frameworkImageUris } from '#shared/sagemaker/image-uris.ts';
import type { CloudOptions } from './options.ts';
import type { SecretArns } from './secrets.ts';

/** The stage as which the project is deployed here: its names are those of `serverless.yml`. */
const STAGE = 'local';

/** What `serverless.yml` is made from, beside itself. */
const SOURCES = ['functions', 'resources', 'shared', 'statemachines'];

/** What is made of the pipelines: the scheduler keeps their schedules itself, of any folder, and of a broken pipeline none. */
const WITHOUT_FILES = ['functions/events/schedules.cjs', 'resources/pipeline-alarms.cjs'];

/** It moves the process's temporary folder. */
const WITHOUT_PLUGINS = ['./resources/plugins/temporary-folder.cjs'];

/** What the project deploys as the stage `local`, to the cloud that has these secrets. */
export const projectDeployment = (
  { rootDir, stateDir }: CloudOptions,
  { warehouse, kyma }: SecretArns,
): Promise<Deployment> =>
  resolveDeployment({
    rootDir,
    stage: STAGE,
    account,
    params: {
      region: account.region,
      warehouseSecretArn: warehouse,
      ...(kyma && {
        kymaKubeconfigSecretArn: kyma.kubeconfigArn,
        kymaClientSecretArn: kyma.clientArn,
        allowedPrivateNetworks: '127.0.0.0/8',
      }),
    },
    withoutFiles: WITHOUT_FILES,
    withoutPlugins: WITHOUT_PLUGINS,
    sources: SOURCES,
    cacheDir: join(stateDir, 'template'),
  });

/** The deployment's policies, and those that are there without it: SageMaker's own images may be pulled by everybody. */
export const policiesOf = (
  { policies }: Deployment,
  { otherPolicies = { roles: [], resourcePolicies: {} } }: CloudOptions,
): DeployedPolicies => ({
  roles: [...policies.roles, ...otherPolicies.roles],
  resourcePolicies: together(
    openImagePolicies(
      (['training', 'inference'] as const).flatMap((scope) => frameworkImageUris({ region: account.region, scope })),
    ),
    policies.resourcePolicies,
    otherPolicies.resourcePolicies,
  ),
});

/** A resource that is in several has the statements of all. */
const together = (...all: readonly DeployedPolicies['resourcePolicies'][]): Record<string, PolicyDocument> => {
  const policies: Record<string, PolicyDocument> = {};
  for (const [arn, { Statement, ...document }] of all.flatMap((each) => Object.entries(each))) {
    policies[arn] = { ...document, Statement: [...(policies[arn]?.Statement ?? []), ...Statement] };
  }
  return policies;
};
