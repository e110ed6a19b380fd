import type { PipelineError } from '#shared/errors.ts';

/** What has become of a job or an endpoint that a state waits for. */
export type Verdict<Result> =
  | { readonly state: 'running' }
  | { readonly state: 'succeeded'; readonly result: Result }
  | { readonly state: 'failed'; readonly error: PipelineError };

/** A job is created within one call of a function, 15 minutes at most: by then it exists, or it was deleted. */
const MAX_CREATION_MS = 15 * 60 * 1000;

/** True for a task whose job is not there and can't be about to be created any more. */
export const isOverdue = ({ createdAt }: { readonly createdAt: string }, now: Date): boolean =>
  now.getTime() - Date.parse(createdAt) > MAX_CREATION_MS;
