import { PipelineName } from '#shared/pipeline/definition.ts';
import type { Run } from '#shared/pipeline/run.ts';

/** Which run an event is about. Of one that couldn't be resolved the input is all that is known. */
export const aboutRun = (run: Run | undefined, input: unknown) => ({
  pipeline: run?.pipeline ?? PipelineName.safeParse((input as { pipeline?: unknown } | null)?.pipeline).data ?? null,
  mode: run?.mode ?? null,
});

/** The state machine's output and the bus carry the cause too; run.json has all of it. */
const MAX_CAUSE_LENGTH = 8000;

/** The end of a cause says most: a script's last words. */
export const shortened = (cause: string): string =>
  cause.length <= MAX_CAUSE_LENGTH ? cause : `${cause.slice(0, 1000)}\n…\n${cause.slice(1000 - MAX_CAUSE_LENGTH)}`;
