import { PipelineName } from '#shared/pipeline/definition.ts';
import { RunMode } from '#shared/pipeline/run-mode.ts';
import type { AnnounceRunInput } from './schema.ts';

/** What runs are counted by: alarms on a schedule ask for its pipeline and mode. */
export const dimensions = ({ runUri, input }: Pick<AnnounceRunInput, 'runUri' | 'input'>) => {
  const asked = (input ?? {}) as { readonly pipeline?: unknown; readonly mode?: unknown };
  // s3://<bucket>/…/runs/<pipeline>/<run>/; only a run that couldn't be resolved has no folder.
  const pipeline = runUri?.split('/').at(-3) ?? PipelineName.safeParse(asked.pipeline).data ?? 'unknown';
  return { pipeline, mode: RunMode.safeParse(asked.mode).data ?? 'full' };
};
