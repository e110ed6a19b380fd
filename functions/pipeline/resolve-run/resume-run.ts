import { z } from 'zod';
import { InvalidInputError, UnknownRunError } from '#shared/errors.ts';
import {
  type ExecutionDescription,
  type Executions,
  hasEnded,
  stateMachineArnOf,
} from '#shared/executions/executions.ts';
import { executionsOfRun, resumptionName, resumptionNumber } from '#shared/executions/resumptions.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { Run, runRecordUri } from '#shared/pipeline/run.ts';
import { findRunUri } from '#shared/pipeline/run-index.ts';
import { assertEndpointCanChange, type EndpointReader } from '#shared/sagemaker/endpoint-change.ts';
import { mistakesOf } from '#shared/schema-mistakes.ts';
import { assertNewest } from './assert-newest.ts';
import { assureSource } from './keep-source.ts';
import { type ResolveRunInput, type ResolveRunOutput, ResumeInput } from './schema.ts';
import { stepsLeft } from './steps-left.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly executions: Pick<Executions, 'describe'>;
  readonly sageMaker: EndpointReader;
}

/**
 * Takes up a run that failed or was stopped: in its own folder, with its settings and its code, without the children that
 * have finished. What a child that failed had done is found by the names that come from the run's folder.
 *
 * @throws InvalidInputError for a run that can't be resumed, saying why and what to do instead.
 */
export const resumeRun = async (
  { input, executionArn, executionName, startedAt }: ResolveRunInput,
  { objectStore, executions, sageMaker }: Ports,
  { storeUri, pipelinesDir }: { readonly storeUri: string; readonly pipelinesDir: string },
): Promise<ResolveRunOutput> => {
  const { resume: runId, pipeline } = parse(input);
  const { run, outcome, failure, etag } = await read(objectStore, storeUri, runId);
  if (pipeline !== undefined && pipeline !== run.pipeline) {
    throw new InvalidInputError(`The run ${runId} is one of the pipeline ${run.pipeline}, not of ${pipeline}.`);
  }
  const steps = await stepsLeft(objectStore, run);
  if (run.executionArn !== executionArn) {
    const earlier = await executionsBefore(executions, executionArn, executionName, runId);
    assertOver(runId, earlier, outcome);
    await assertNewest(objectStore, storeUri, run, steps);
    if (steps.deploy) await assertEndpointCanChange(sageMaker, run);
    if (steps.train) await assureSource(objectStore, run, pipelinesDir);
    const after = failure?.error ?? earlier.at(-1)?.error ?? earlier.at(-1)?.status ?? 'unknown';
    const resumptions = [...(run.resumptions ?? []), { executionArn, startedAt, after }];
    const resumed: Run = { ...run, executionArn, resumptions };
    await objectStore.put(runRecordUri(run.runUri), `${JSON.stringify(resumed, null, 2)}\n`, {
      ifMatch: etag,
      contentType: 'application/json',
    });
  }
  const { runUri, mode, definition } = run;
  return { runUri, pipeline: run.pipeline, mode, ...steps, deploymentTarget: definition.deployment.target };
};

const parse = (input: unknown): ResumeInput => {
  const parsed = ResumeInput.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(
    `The execution's input can't be run.\n${mistakesOf(parsed.error)}\n` +
      'Expected: {"resume": "<run id>"}. A run is resumed as it was started, so that nothing else can be set.',
  );
};

const Ended = z.object({
  outcome: z.string().optional(),
  failure: z.object({ error: z.string() }).nullable().optional(),
});

const read = async (objectStore: ObjectStore, storeUri: string, runId: string) => {
  const { text, etag } = await objectStore.getText(runRecordUri(await folderOf(objectStore, storeUri, runId)));
  const content: unknown = JSON.parse(text);
  const run = Run.safeParse(content);
  if (run.success) return { run: run.data, ...Ended.parse(content), etag };
  throw new InvalidInputError(
    `The run ${runId} was started by another version of the project, which this one can't go on for. Start a new run: it takes ` +
      `over what is still the same.\n${z.prettifyError(run.error)}`,
  );
};

const folderOf = async (objectStore: ObjectStore, storeUri: string, runId: string): Promise<string> => {
  try {
    return await findRunUri(objectStore, storeUri, runId);
  } catch (error) {
    if (!(error instanceof UnknownRunError)) throw error;
    throw new InvalidInputError(
      `There is no run ${runId} to resume: none of that id got past its first state. Start a new run.`,
      { cause: error },
    );
  }
};

const executionsBefore = async (
  executions: Pick<Executions, 'describe'>,
  executionArn: string,
  executionName: string,
  runId: string,
): Promise<ExecutionDescription[]> => {
  const all = await executionsOfRun(executions, stateMachineArnOf(executionArn), runId);
  const number = resumptionNumber(runId, executionName);
  if (number !== undefined) return all.slice(0, number);
  throw new InvalidInputError(
    `An execution that resumes the run ${runId} must be named ${resumptionName(runId, Math.max(all.length, 1))}, so that the run ` +
      `is resumed once at a time. Start it under that name, or by \`npx fedml resume ${runId}\`.`,
  );
};

const assertOver = (runId: string, earlier: readonly ExecutionDescription[], outcome: string | undefined): void => {
  if (earlier.some(({ status }) => !hasEnded(status))) {
    throw new InvalidInputError(`The run ${runId} is still going. Wait for its end, or stop it first.`);
  }
  if (outcome === 'succeeded' || earlier.at(-1)?.status === 'SUCCEEDED') {
    throw new InvalidInputError(`The run ${runId} has succeeded: nothing of it is left to do. Start a new run.`);
  }
  if (outcome === 'gateNotPassed') {
    throw new InvalidInputError(
      `The model of the run ${runId} did not pass its gate, and would not pass the same gate again. Change the gate in ` +
        'pipeline.yml and start a new run: it takes over the model, if only the gate has changed.',
    );
  }
};
