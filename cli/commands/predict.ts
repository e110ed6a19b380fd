import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { csvRecords } from '#shared/dataset/csv-records.ts';
import { InvalidInputError } from '#shared/errors.ts';
import { urlOfHost } from '#shared/kyma/ingress.ts';
import { kymaModelServer } from '#shared/kyma/model-server.ts';
import { clusterOfSecret, modelClientOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { readPipelineFolder } from '#shared/pipeline/pipeline-folder.ts';
import { askModel } from '#shared/predictions/ask-model.ts';
import { modelServerOfPlace } from '#shared/predictions/model-place.ts';
import { endpointNameOf } from '#shared/sagemaker/endpoint.ts';
import { sageMakerModelServer } from '#shared/sagemaker/sagemaker-runtime.ts';
import { PIPELINES_DIR, withCloud } from '../session.ts';
import { EXIT, UsageError } from '../usage.ts';
import type { Command } from './command.ts';

/** Rows of one request: far below the endpoint's 6 MB, and enough to make the round trips cheap. */
const ROWS_PER_REQUEST = 1000;

export const predict: Command = {
  usage: 'predict <pipeline> --file rows.csv',
  summary: "Asks the pipeline's deployed model: one line of features a row, no header; prints one line a prediction.",
  options: { file: { type: 'string' } },
  positionals: [1, 1],
  async run({ positionals, options, out }) {
    const file = options.file as string | undefined;
    if (file === undefined) throw new UsageError('--file is missing.\nUsage: fedml predict <pipeline> --file rows.csv');
    await assertReadable(file);
    const { definition } = await readPipelineFolder(PIPELINES_DIR, positionals[0]!);
    return withCloud(out, async () => {
      const modelServer = modelServerOfPlace(
        sageMakerModelServer(),
        kymaModelServer({ openClient: modelClientOfSecret(kymaSettings), guard: () => kymaSettings().guard }),
      );
      const endpointName = await endpointOfPipeline(definition);
      for await (const rows of requests(file)) {
        for (const answer of await askModel(modelServer, endpointName, rows)) out.print(answer.join(','));
      }
      return EXIT.done;
    });
  },
};

const endpointOfPipeline = async ({ name, deployment }: PipelineDefinition): Promise<string> => {
  if (deployment.target === 'sagemaker') return endpointNameOf(name, deployment);
  if (deployment.target === 'none') throw new InvalidInputError(`The pipeline ${name} deploys no model.`);
  return urlOfHost(await clusterOfSecret(kymaSettings)(), deployment.gateway, deployment.host ?? name);
};

const assertReadable = async (file: string): Promise<void> => {
  try {
    await access(file);
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${(error as Error).message}`, { cause: error });
  }
};

async function* requests(file: string): AsyncGenerator<string[]> {
  let rows: string[] = [];
  for await (const fields of csvRecords(createReadStream(file))) {
    rows.push(fields.join(','));
    if (rows.length === ROWS_PER_REQUEST) {
      yield rows;
      rows = [];
    }
  }
  if (rows.length > 0) yield rows;
}
