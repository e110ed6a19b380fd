import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import { parseExact } from '#shared/json/exact-json.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { PipelineDefinition, PipelineName } from '#shared/pipeline/definition.ts';
import { RunMode } from '#shared/pipeline/run-mode.ts';
import { folderIn, parseRunUri, RUN_URI } from '#shared/store/layout.ts';
import { uriIn } from '#shared/store/uri.ts';

/** The folder of a run, `s3://bucket[/prefix]/runs/<pipeline>/<run id>/`: the reference that every step is handed. */
export const RunUri = z.string().regex(RUN_URI, 'must be the URI of a run folder');

/** What an execution was asked to do, fixed when it starts; `run.json` of the run's folder begins with it. */
export const Run = z.object({
  runId: z.string().min(1).max(80),
  pipeline: PipelineName,
  /** Of the installation, where there may be others in its account and region. */
  stage: z.string().optional(),
  mode: RunMode,
  runUri: RunUri,
  /** The execution that runs it, or did last. */
  executionArn: z.string(),
  startedAt: z.iso.datetime(),
  /** The execution's input as it came. */
  input: z.unknown(),
  /** `pipeline.yml` with defaults filled in and overrides applied. */
  definition: PipelineDefinition,
  /** SHA-256 over the files of the pipeline's folder. */
  codeSha256: z.string(),
  /** The same without `pipeline.yml`, whose settings stand in the definition. */
  scriptsSha256: z.string().optional(),
  /** SHA-256 of `sourcedir.tar.gz`, where the run trains. */
  sourceSha256: z.string().length(64).optional(),
  /** The record of the model to score with, in mode `score`: the champion when the run started. */
  modelRecordUri: uriIn('models').optional(),
  /** The executions that took the run up again after it had failed or was stopped, oldest first. */
  resumptions: z
    .array(
      z.object({
        executionArn: z.string(),
        startedAt: z.iso.datetime(),
        /** What the execution before it ended with: an error's name. */
        after: z.string(),
      }),
    )
    .optional(),
});

export type Run = z.infer<typeof Run>;

/** The run of a folder, as ResolveRun recorded it. */
export const loadRun = async (objectStore: ObjectStore, runUri: string): Promise<Run> => {
  const { text } = await objectStore.getText(runRecordUri(runUri));
  const run = Run.safeParse(parseExact(text));
  if (!run.success)
    throw new InvalidInputError(`${runRecordUri(runUri)} is not a run record.\n${z.prettifyError(run.error)}`);
  return run.data;
};

export const runFolderUri = (storeUri: string, pipeline: string, runId: string): string =>
  `${folderIn(storeUri, 'runs')}${pipeline}/${runId}/`;

export const runIdOf = (runUri: string): string => runUri.split('/').at(-2)!;

/** What a pipeline's things are called that keep their name from run to run, and share it with all of an account and region. */
export const lastingName = ({
  pipeline,
  stage,
}: {
  readonly pipeline: string;
  readonly stage?: string | undefined;
}): string => (stage === undefined ? pipeline : `${pipeline}-${stage}`);

export const runRecordUri = (runUri: string): string => `${runUri}run.json`;

/** The folder of everything, `s3://bucket[/prefix]`, that a run's folder lies in. */
export const storeUriOf = (runUri: string): string => parseRunUri(runUri).storeUri;

/**
 * A name for what a run makes in SageMaker: the same for the same run, so that a repeated step finds what it made, and of its
 * folder, since a schedule starts runs of one id in every stage.
 * At most 45 characters, lower case (SageMaker lower-cases names in ARNs), which leaves 17 for a suffix below the limit of 63.
 */
export const runResourceName = ({ pipeline, runUri }: Pick<Run, 'pipeline' | 'runUri'>): string =>
  `${pipeline}-${createHash('sha256').update(runUri).digest('hex').slice(0, 12)}`;
