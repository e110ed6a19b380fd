import { z } from 'zod';

/** full: train, deploy, predict, as far as pipeline.yml defines them. train: train only. score: predict with the champion. */
export const RunMode = z.enum(['full', 'train', 'score']);
export type RunMode = z.infer<typeof RunMode>;
