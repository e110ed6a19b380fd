import type { Run } from '#shared/pipeline/run.ts';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** What SageMaker's tags don't take. */
const FORBIDDEN = /[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu;

/** A text as SageMaker takes it for tags and metadata. */
export const taggable = (text: string): string => text.replace(FORBIDDEN, '_');

/** Tags that lead from a job, model or endpoint back to the run that made it, and the user's own. */
export const tagsOf = (
  { pipeline, runId }: Pick<Run, 'pipeline'> & Partial<Pick<Run, 'runId'>>,
  own: Readonly<Record<string, string>> = {},
): Tag[] =>
  Object.entries({
    ...own,
    'fedml:pipeline': pipeline,
    ...(runId !== undefined && { 'fedml:run': taggable(runId) }),
  }).map(([Key, Value]) => ({ Key, Value }));
