import { InvalidPipelineError } from '#shared/errors.ts';
import type { Answer } from '#shared/http-api/operation.ts';
import { listPipelines as deployedPipelines, loadDefinition } from '#shared/pipeline/pipeline-folder.ts';

/** The deployed pipelines. One whose pipeline.yml has mistakes doesn't hide the others. */
export const listPipelines = async ({ pipelinesDir }: { readonly pipelinesDir: string }): Promise<Answer> => {
  const names = await deployedPipelines(pipelinesDir);
  return { status: 200, body: { pipelines: await Promise.all(names.map((name) => describe(pipelinesDir, name))) } };
};

const describe = async (pipelinesDir: string, name: string) => {
  try {
    const { description = null, deployment, prediction } = await loadDefinition(pipelinesDir, name);
    return { name, description, target: deployment.target, writesPredictions: prediction !== undefined, error: null };
  } catch (error) {
    if (!(error instanceof InvalidPipelineError)) throw error;
    return { name, description: null, target: null, writesPredictions: false, error: error.message };
  }
};
