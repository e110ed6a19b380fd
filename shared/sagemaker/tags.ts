import { parseObjectUri } from '#shared/object-store/object-store.ts';
import type { Run } from '#shared/pipeline/run.ts';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** What SageMaker's tags don't take. */
const FORBIDDEN = /[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu;

/** A text as SageMaker takes it for tags and metadata. */
export const taggable = (text: string): string => text.replace(FORBIDDEN, '_');

/**
 * Tags that lead from a job, model or endpoint back to the run that made it, and the user's own. By the bucket the roles of
 * a stage tell what is theirs from what another stage of the same account and region has made.
 */
export const tagsOf = (
  { pipeline, runUri, runId }: Pick<Run, 'pipeline' | 'runUri'> & Partial<Pick<Run, 'runId'>>,
  own: Readonly<Record<string, string>> = {},
): Tag[] =>
  Object.entries({
    ...own,
    'fedml:store': parseObjectUri(runUri).bucket,
    'fedml:pipeline': pipeline,
    ...(runId !== undefined && { 'fedml:run': taggable(runId) }),
  }).map(([Key, Value]) => ({ Key, Value }));
