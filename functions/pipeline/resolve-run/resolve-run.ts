import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { InvalidInputError, ObjectChangedError } from '#shared/errors.ts';
import { assertUnchanged } from '#shared/models/archive.ts';
import { championRecordUri } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { applyOverrides } from '#shared/pipeline/overrides.ts';
import { listPipelines, readPipelineFolder } from '#shared/pipeline/pipeline-folder.ts';
import { loadRun, type Run, runFolderUri, runRecordUri } from '#shared/pipeline/run.ts';
import { indexRun } from '#shared/pipeline/run-index.ts';
import { frameworkImageUri } from '#shared/sagemaker/image-uris.ts';
import { sourceArchive, sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import { ExecutionInput, type ResolveRunInput, type ResolveRunOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
}

interface Settings {
  readonly storeUri: string;
  readonly pipelinesDir: string;
  readonly region: string;
  readonly stage?: string | undefined;
}

/**
 * Fixes what a run is to do: which pipeline, with which settings and which code, and records it in the run's folder.
 * Run again by the same execution it gives the same answer.
 */
export const resolveRun = async (
  { input, executionArn, executionName, startedAt }: ResolveRunInput,
  { objectStore }: Ports,
  { storeUri, pipelinesDir, region, stage }: Settings,
): Promise<ResolveRunOutput> => {
  const request = parseInput(input);
  const pipeline = request.pipeline ?? (await onlyPipeline(pipelinesDir));
  const folder = await readPipelineFolder(pipelinesDir, pipeline);
  const definition = applyOverrides(folder.definition, request.overrides);
  const steps = stepsOf(request.mode, definition);
  // A job that was trained elsewhere brings its own image.
  if (request.mode !== 'deploy') assertRunnable(definition, steps, region);
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
    ...(archive && { sourceSha256: createHash('sha256').update(archive).digest('hex') }),
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

const parseInput = (input: unknown): ExecutionInput => {
  const parsed = ExecutionInput.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(
    `The execution's input can't be run.\n${z.prettifyError(parsed.error)}\n` +
      'Expected: {"pipeline": "<name>", "mode": "full" | "train" | "score", "overrides": {"<dotted path>": <value>}}, ' +
      'all of them optional; {} when one pipeline is deployed. Or, to deploy what was trained elsewhere: ' +
      '{"pipeline": "<name>", "mode": "deploy", "trainingJobName": "<name>"}.',
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

type Steps = Pick<ResolveRunOutput, 'train' | 'deploy' | 'predict'>;

const stepsOf = (mode: Run['mode'], { source, deployment, prediction }: PipelineDefinition): Steps => {
  if (mode === 'score' && !prediction) {
    throw new InvalidInputError('Mode "score" needs a pipeline with a prediction: pipeline.yml has none.');
  }
  if (mode === 'deploy' && deployment.target === 'none') {
    throw new InvalidInputError('Mode "deploy" needs a pipeline that deploys: deployment.target is none.');
  }
  if (mode === 'deploy' && source.watermark) {
    throw new InvalidInputError(
      'Mode "deploy" reads rows to test the model with, and by source.watermark the next training would miss them. ' +
        'Leave source.watermark out for as long as the deployment takes.',
    );
  }
  return {
    train: mode === 'full' || mode === 'train',
    deploy: (mode === 'full' && deployment.target !== 'none') || mode === 'deploy',
    predict: (mode === 'full' || mode === 'score') && prediction !== undefined,
  };
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

/** Written once: the archive of an earlier try is the one whose digest is in run.json. */
const keepSource = async (objectStore: ObjectStore, { runUri, sourceSha256 }: Run, archive: Buffer): Promise<void> => {
  const uri = sourceArchiveUri(runUri);
  const contentType = 'application/gzip';
  try {
    await objectStore.put(uri, archive, { contentType, ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ObjectChangedError)) throw error;
    await assertUnchanged(objectStore, uri, { sha256: sourceSha256!, versionId: null });
  }
};
