import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { config } from '#shared/config.ts';
import { csvField } from '#shared/dataset/csv.ts';
import { InvalidInputError } from '#shared/errors.ts';
import { urlOfHost } from '#shared/kyma/ingress.ts';
import { kymaModelServer } from '#shared/kyma/model-server.ts';
import { names } from '#shared/kyma/ownership.ts';
import { clusterOfSecret, modelClientOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { championContract } from '#shared/models/load-contract.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import type { PipelineDefinition, SageMakerDeployment } from '#shared/pipeline/definition.ts';
import { loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { askModel } from '#shared/predictions/ask-model.ts';
import { modelServerOfPlace } from '#shared/predictions/model-place.ts';
import { openPace, type Pace } from '#shared/predictions/pace.ts';
import { endpointNameOf } from '#shared/sagemaker/endpoint.ts';
import { sageMakerModelServer } from '#shared/sagemaker/sagemaker-runtime.ts';
import { featureRows } from '../feature-rows.ts';
import { pipelinesDir, withCloud } from '../session.ts';
import { EXIT, UsageError } from '../usage.ts';
import type { Command } from './command.ts';

/** Of one request: far below the endpoint's 6 MB, and enough to make the round trips cheap. */
const MAX_BYTES = 1024 * 1024;

export const predict: Command = {
  usage: 'predict <pipeline> --file rows.csv',
  summary: "Asks the pipeline's deployed model: a line of CSV a row, a line of predictions for each.",
  details: [
    '  The file has the columns that the model was trained with: those of the view without the key and the target. With a',
    '  first line of their names they may stand in any order, without one in that of the view. An empty field is NULL.',
  ],
  options: { file: { type: 'string' } },
  positionals: [1, 1],
  async run({ positionals, options, out }) {
    const pipeline = positionals[0]!;
    const file = options.file as string | undefined;
    if (file === undefined) throw new UsageError(`--file is missing.\nUsage: fedml ${predict.usage}`);
    await assertReadable(file);
    const definition = await loadDefinition(pipelinesDir(), pipeline);
    if (definition.deployment.target === 'none') {
      throw new InvalidInputError(`The pipeline ${pipeline} deploys no model: deployment.target is none.`);
    }
    return withCloud(out, async () => {
      const contract = await championContract(s3ObjectStore(), config().storeUri, definition);
      const rows = (): AsyncIterable<string> => featureRows(createReadStream(file), file, contract);
      // A mistake in the last row is told before the first prediction is printed.
      for await (const _ of rows());
      const modelServer = modelServerOfPlace(
        sageMakerModelServer(),
        kymaModelServer({
          openClient: modelClientOfSecret(kymaSettings),
          guard: () => kymaSettings().guard,
          openCluster: clusterOfSecret(kymaSettings),
        }),
      );
      const endpoint = await endpointOfPipeline(definition);
      const pace = openPace(MAX_BYTES);
      for await (const batch of batches(rows(), pace)) {
        for (const answer of await askModel(modelServer, endpoint, batch, { pace }))
          out.print(answer.map(csvField).join(','));
      }
      return EXIT.done;
    });
  },
};

const endpointOfPipeline = async ({ name, deployment }: PipelineDefinition): Promise<string> => {
  const owner = { pipeline: name, stage: config().stage };
  if (deployment.target !== 'kyma') return endpointNameOf(owner, deployment as SageMakerDeployment);
  return urlOfHost(
    await clusterOfSecret(kymaSettings)(),
    deployment.gateway,
    names({ ...owner, settings: deployment }).host,
  );
};

const assertReadable = async (file: string): Promise<void> => {
  try {
    const handle = await open(file);
    const isFile = (await handle.stat()).isFile();
    await handle.close();
    if (isFile) return;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(code === 'ENOENT' ? `There is no file ${file}.` : `${file} can't be read: ${message}`, {
      cause: error,
    });
  }
  throw new UsageError(`${file} is not a file.`);
};

async function* batches(rows: AsyncIterable<string>, pace: Pace): AsyncGenerator<string[]> {
  let batch: string[] = [];
  let sizeBytes = 0;
  for await (const row of rows) {
    batch.push(row);
    sizeBytes += Buffer.byteLength(row) + 1;
    if (batch.length < pace.maxRows && sizeBytes < pace.maxBytes) continue;
    yield batch;
    batch = [];
    sizeBytes = 0;
  }
  if (batch.length > 0) yield batch;
}
