import { z } from 'zod';

/**
 * full: train, deploy, predict, as far as pipeline.yml defines them. train: train only. score: predict with the champion.
 * deploy: deploy the model of a training job that the input names.
 */
export const RunMode = z.enum(['full', 'train', 'score', 'deploy']);
export type RunMode = z.infer<typeof RunMode>;

/** The modes that need nothing but the pipeline's name: those of schedules, triggers and callers of the API. */
export const PipelineMode = RunMode.exclude(['deploy']);
export type PipelineMode = z.infer<typeof PipelineMode>;
