import { config } from '#shared/config.ts';
import { deleteOwned, ownedObjects } from '#shared/kyma/owned-objects.ts';
import { clusterOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import type { KymaDeployment, SageMakerDeployment } from '#shared/pipeline/definition.ts';
import { readPipelineFolder } from '#shared/pipeline/pipeline-folder.ts';
import { endpointNameOf } from '#shared/sagemaker/endpoint.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { pipelinesDir, withCloud } from '../session.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const undeploy: Command = {
  usage: 'undeploy <pipeline> [--plan]',
  summary: 'Takes a deployed model out of service and deletes what serves it; --plan only says what that would be.',
  options: { plan: { type: 'boolean' } },
  positionals: [1, 1],
  async run({ positionals, options, out }) {
    const pipeline = positionals[0]!;
    const { deployment } = (await readPipelineFolder(pipelinesDir(), pipeline)).definition;
    const isPlan = options.plan === true;
    return withCloud(out, async () => {
      const removed = deployment.target === 'none' ? [] : await remove(pipeline, deployment, isPlan);
      for (const each of removed) out.print(`  ${isPlan ? 'would delete' : 'deleted'} ${each}`);
      if (removed.length === 0) out.print(`Nothing of ${pipeline} is deployed.`);
      return EXIT.done;
    });
  },
};

const remove = (
  pipeline: string,
  deployment: SageMakerDeployment | KymaDeployment,
  isPlan: boolean,
): Promise<string[]> =>
  deployment.target === 'kyma' ? fromKyma(pipeline, deployment, isPlan) : fromSageMaker(pipeline, deployment, isPlan);

const fromKyma = async (pipeline: string, { namespace }: KymaDeployment, isPlan: boolean): Promise<string[]> => {
  const cluster = await clusterOfSecret(kymaSettings)();
  const objects = await (isPlan ? ownedObjects : deleteOwned)(cluster, { pipeline, stage: config().stage, namespace });
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
};

const fromSageMaker = async (pipeline: string, deployment: SageMakerDeployment, isPlan: boolean): Promise<string[]> => {
  const endpoints = sageMaker();
  const endpointName = endpointNameOf({ pipeline, stage: config().stage }, deployment);
  if (!(await endpoints.describeEndpoint(endpointName))) return [];
  if (!isPlan) await endpoints.deleteEndpoint(endpointName);
  return [`endpoint ${endpointName}`];
};
