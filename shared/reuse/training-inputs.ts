import { z } from 'zod';
import type { DatasetManifest } from '#shared/dataset/manifest.ts';
import type { Run } from '#shared/pipeline/run.ts';
import { contentSha256 } from '#shared/reuse/content-sha256.ts';
import { datasetContent } from '#shared/reuse/dataset-content.ts';

/** Digests of everything that a training job makes its model of: two trainings with the same ones would make the same model. */
export const TrainingInputs = z.strictObject({
  data: z.string().length(64),
  code: z.string().length(64),
  settings: z.string().length(64),
});
export type TrainingInputs = z.infer<typeof TrainingInputs>;

/**
 * The inputs of a run's training. Left out is what can't change the model: where things lie, what they are called, how
 * long the job may take and what it may cost, and the gate, by which its metrics are judged anew in each run.
 */
export const trainingInputs = (
  run: Pick<Run, 'definition' | 'scriptsSha256' | 'codeSha256'>,
  datasets: { readonly train: DatasetManifest; readonly test: DatasetManifest },
  imageUri: string,
): TrainingInputs => {
  const { source, training, deployment } = run.definition;
  // What remains counts, so that a setting that is added to pipeline.yml counts unless it is named here.
  const { entryPoint, framework, frameworkVersion, maxRuntimeSeconds, spot, tags, volumeSizeGb, ...settings } =
    training;
  return {
    data: contentSha256({
      train: datasetContent(datasets.train),
      test: datasetContent(datasets.test),
      key: source.key,
      target: source.target,
    }),
    code: contentSha256({ scripts: run.scriptsSha256 ?? run.codeSha256, entryPoint }),
    settings: contentSha256({
      ...settings,
      imageUri,
      // A model that was approved by rule is none that a person has approved.
      approval: deployment.target === 'none' ? 'auto' : deployment.approval,
    }),
  };
};

/** In words, which of a training's inputs are not what they were in another. */
export const changesBetween = (before: TrainingInputs, now: TrainingInputs): string[] =>
  TrainingInputs.keyof().options.filter((input) => before[input] !== now[input]);
