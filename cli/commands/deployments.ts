import { DescribeEndpointConfigCommand, ListTagsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { config } from '#shared/config.ts';
import { deployedToKyma } from '#shared/kyma/deployed-models.ts';
import { clusterOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { listPipelines, readPipelineFolder } from '#shared/pipeline/pipeline-folder.ts';
import { runIdOf } from '#shared/pipeline/run.ts';
import { endpointNameOf } from '#shared/sagemaker/endpoint.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { duration } from '../format.ts';
import { pipelinesDir, withCloud } from '../session.ts';
import { table } from '../table.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const deployments: Command = {
  usage: 'deployments',
  summary: 'Lists what serves where: endpoints of SageMaker and models on Kyma, with image, run and age.',
  options: {},
  positionals: [0, 0],
  run: ({ out }) =>
    withCloud(out, async () => {
      const rows = [...(await onSageMaker()), ...(await onKyma())];
      for (const line of table(['PIPELINE', 'TARGET', 'WHERE', 'WHAT', 'RUN', 'STATE', 'AGE'], rows)) out.print(line);
      if (rows.length === 0) out.print('Nothing is deployed. Deploy a model: npx fedml run flights');
      return EXIT.done;
    }),
};

const onSageMaker = async (): Promise<unknown[][]> => {
  const endpoints = sageMaker();
  const rows: unknown[][] = [];
  for (const pipeline of await listPipelines(pipelinesDir())) {
    const { deployment } = (await readPipelineFolder(pipelinesDir(), pipeline)).definition;
    if (deployment.target !== 'sagemaker') continue;
    const endpointName = endpointNameOf({ pipeline, stage: config().stage }, deployment);
    const endpoint = await endpoints.describeEndpoint(endpointName);
    if (!endpoint) continue;
    const { EndpointName, EndpointConfigName, EndpointStatus, LastModifiedTime } = endpoint;
    const runId = await runBehind(EndpointConfigName!);
    rows.push([pipeline, 'sagemaker', EndpointName, EndpointConfigName, runId, EndpointStatus, age(LastModifiedTime)]);
  }
  return rows;
};

/** The run that made an endpoint's configuration, by the tag that it left there. */
const runBehind = async (endpointConfigName: string): Promise<string> => {
  const client = new SageMakerClient({});
  const { EndpointConfigArn } = await client.send(
    new DescribeEndpointConfigCommand({ EndpointConfigName: endpointConfigName }),
  );
  const { Tags } = await client.send(new ListTagsCommand({ ResourceArn: EndpointConfigArn }));
  return Tags?.find(({ Key }) => Key === 'fedml:run')?.Value ?? '';
};

const onKyma = async (): Promise<unknown[][]> => {
  if (!kymaSettings().hasCluster) return [];
  const models = await deployedToKyma(await clusterOfSecret(kymaSettings)(), config().stage);
  return models.map(({ pipeline, namespace, url, imageUri, runUri, availableReplicas, createdAt }) => [
    pipeline,
    'kyma',
    url ?? `${namespace}, no route`,
    shortDigest(imageUri),
    runUri ? runIdOf(runUri) : '',
    `${availableReplicas} available`,
    age(createdAt && new Date(createdAt)),
  ]);
};

/** As much of a digest as tells images apart. */
const shortDigest = (imageUri: string): string => imageUri.replace(/^.*@(sha256:[0-9a-f]{12}).*$/, '$1');

const age = (since: Date | '' | undefined): string => (since ? duration(Date.now() - since.getTime()) : '');
