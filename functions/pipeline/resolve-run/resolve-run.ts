import { isDeepStrictEqual } from 'node:util';
import { InvalidInputError, ObjectChangedError } from '#shared/errors.ts';
import type { Executions } from '#shared/executions/executions.ts';
import { championRecordUri } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { applyOverrides } from '#shared/pipeline/overrides.ts';
import { listPipelines, readPipelineFolder } from '#shared/pipeline/pipeline-folder.ts';
import { loadRun, type Run, runFolderUri, runRecordUri } from '#shared/pipeline/run.ts';
import { indexRun } from '#shared/pipeline/run-index.ts';
import { assertEndpointCanChange, type EndpointReader } from '#shared/sagemaker/endpoint-change.ts';
import { frameworkImageUri } from '#shared/sagemaker/image-uris.ts';
import { sourceArchive } from '#shared/sagemaker/source-archive.ts';
import { mistakesOf } from '#shared/schema-mistakes.ts';
import { keepSource, sha256Of } from './keep-source.ts';
import { resumeRun } from './resume-run.ts';
import { ExecutionInput, type ResolveRunInput, type ResolveRunOutput } from './schema.ts';
import { type Steps, stepsOf } from './steps.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly executions: Pick<Executions, 'describe'>;
  readonly sageMaker: EndpointReader;
}

interface Settings {
  readonly storeUri: string;
  readonly pipelinesDir: string;
  readonly region: string;
  readonly stage?: string | undefined;
}

/**
 * Fixes what a run is to do: which pipeline, with which settings and which code, and records it in the run's folder. Of a
 * run that is resumed all of that is fixed already. Run again by the same execution it gives the same answer.
 */
export const resolveRun = async (
  execution: ResolveRunInput,
  ports: Ports,
  settings: Settings,
): Promise<ResolveRunOutput> => {
  if (asksToResume(execution.input)) return resumeRun(execution, ports, settings);
  const { input, executionArn, executionName, startedAt } = execution;
  const { storeUri, pipelinesDir, region, stage } = settings;
  const { objectStore } = ports;
  const request = parseInput(input);
  const pipeline = request.pipeline ?? (await onlyPipeline(pipelinesDir));
  const folder = await readPipelineFolder(pipelinesDir, pipeline);
  const definition = applyOverrides(folder.definition, request.overrides);
  const steps = stepsOf(request.mode, definition);
  // A job that was trained elsewhere brings its own image.
  if (request.mode !== 'deploy') assertRunnable(definition, steps, region);
  if (steps.deploy) await assertEndpointCanChange(ports.sageMaker, { pipeline, stage, definition });
  const archive = steps.train ? await sourceArchive(folder.files) : undefined;
  const recorded = await record(objectStore, {
    runId: executionName,
    pipeline,
    ...(stage !== undefined && { stage }),
    mode: request.mode,
    runUri: runFolderUri(storeUri, pipeline, executionName),
    executionArn,
    startedAt,
    input,
    definition,
    codeSha256: folder.codeSha256,
    scriptsSha256: folder.scriptsSha256,
    ...(archive && { sourceSha256: sha256Of(archive) }),
    ...(request.mode === 'score' && { modelRecordUri: await championRecordUri(objectStore, storeUri, pipeline) }),
  });
  await indexRun(objectStore, storeUri, recorded);
  if (archive) await keepSource(objectStore, recorded, archive);
  return {
    runUri: recorded.runUri,
    pipeline,
    mode: recorded.mode,
    ...steps,
    adopt: request.trainingJobName ?? null,
    deploymentTarget: definition.deployment.target,
    modelRecordUri: recorded.modelRecordUri ?? null,
  };
};

const asksToResume = (input: unknown): boolean => typeof input === 'object' && input !== null && 'resume' in input;

const parseInput = (input: unknown): ExecutionInput => {
  const parsed = ExecutionInput.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(
    `The execution's input can't be run.\n${mistakesOf(parsed.error)}\n` +
      'Expected: {"pipeline": "<name>", "mode": "full" | "train" | "score", "overrides": {"<dotted path>": <value>}}, ' +
      'all of them optional; {} when one pipeline is deployed. Or, to deploy what was trained elsewhere: ' +
      '{"pipeline": "<name>", "mode": "deploy", "trainingJobName": "<name>"}. Or, to go on with a run that failed or was ' +
      'stopped: {"resume": "<run id>"}.',
  );
};

const onlyPipeline = async (pipelinesDir: string): Promise<string> => {
  const pipelines = await listPipelines(pipelinesDir);
  if (pipelines.length === 1) return pipelines[0]!;
  throw new InvalidInputError(
    pipelines.length === 0
      ? 'No pipeline is deployed. A pipeline is a folder with a pipeline.yml under pipelines/.'
      : `Say which pipeline to run, as {"pipeline": "${pipelines[0]}"}. Deployed are: ${pipelines.join(', ')}.`,
  );
};

/** What would fail later, after rows were read and instances paid for. */
const assertRunnable = ({ training }: PipelineDefinition, { train, deploy, predict }: Steps, region: string): void => {
  if (training.imageUri) return;
  const { framework, frameworkVersion, instanceType } = training;
  if (train) frameworkImageUri({ framework, frameworkVersion, region, scope: 'training', instanceType });
  if (deploy || predict) frameworkImageUri({ framework, frameworkVersion, region, scope: 'inference' });
};

/** Creates run.json, or takes the one of an earlier try; the champion may have changed since. */
const record = async (objectStore: ObjectStore, run: Run): Promise<Run> => {
  try {
    await objectStore.put(runRecordUri(run.runUri), `${JSON.stringify(run, null, 2)}\n`, {
      ifNoneMatch: '*',
      contentType: 'application/json',
    });
    return run;
  } catch (error) {
    if (!(error instanceof ObjectChangedError)) throw error;
  }
  const earlier = await loadRun(objectStore, run.runUri);
  if (isDeepStrictEqual(comparable(earlier), comparable(run))) return earlier;
  throw new InvalidInputError(
    `${run.runUri} belongs to a run with another input, definition or code. Start the execution with another name.`,
  );
};

/** Of the same code, another version of the compressor makes another archive. */
const comparable = ({ modelRecordUri: _, sourceSha256: __, ...run }: Run): unknown => JSON.parse(JSON.stringify(run));
