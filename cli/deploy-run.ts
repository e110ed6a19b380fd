import type { CloudAddress } from '#local/cloud-file.ts';
import { config } from '#shared/config.ts';
import { InvalidInputError, UnknownRunError } from '#shared/errors.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { readFact } from '#shared/pipeline/facts.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { findRunUri } from '#shared/pipeline/run-index.ts';
import { newRunName } from '#shared/pipeline/run-name.ts';
import { RunRecord } from '#shared/pipeline/run-record.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { failureLines } from './failure.ts';
import { runMachine } from './run-machine.ts';
import { deploymentFacts, labelled } from './summary.ts';
import type { Terminal } from './terminal.ts';
import { EXIT, type ExitCode, INPUT_ERRORS } from './usage.ts';

export interface DeployRequest {
  readonly pipeline: string;
  readonly runUri: string;
}

/**
 * The folder of a run, or undefined when the name is that of a training job.
 *
 * @throws UnknownRunError when it is neither.
 */
export const runUriOf = async (runOrJob: string): Promise<string | undefined> => {
  try {
    return await findRunUri(s3ObjectStore(), config().storeUri, runOrJob);
  } catch (error) {
    if (!(error instanceof UnknownRunError)) throw error;
    if (await sageMaker().describeTrainingJob(runOrJob)) return undefined;
    throw new UnknownRunError(
      `There is neither a run nor a training job ${runOrJob}. \`npx fedml runs\` lists the runs.`,
      { cause: error },
    );
  }
};

/**
 * Deploys the model that a run has trained, with that run's settings, and prints where it serves.
 *
 * @throws InvalidInputError when the run is another pipeline's, has registered no model, or deploys nothing.
 */
export const deployRun = async (cloud: CloudAddress, request: DeployRequest, out: Terminal): Promise<ExitCode> => {
  const input = await deploymentInput(request);
  const name = newRunName(request.pipeline);
  const { status, error = status, cause = '' } = await runMachine(cloud, { machine: 'deployment', name, input }, out);
  out.print();
  if (status === 'SUCCEEDED') {
    for (const line of labelled(deploymentFacts(await deploymentOf(input.runUri)))) out.print(line);
    return EXIT.done;
  }
  for (const line of failureLines({ error, cause }, out)) out.print(line);
  return INPUT_ERRORS.includes(error) ? EXIT.wrongInput : EXIT.runFailed;
};

const deploymentInput = async ({ pipeline, runUri }: DeployRequest) => {
  const objectStore = s3ObjectStore();
  const run = await loadRun(objectStore, runUri);
  const { runId } = run;
  if (run.pipeline !== pipeline) {
    throw new InvalidInputError(`The run ${runId} is one of ${run.pipeline}, not of ${pipeline}.`);
  }
  const { target } = run.definition.deployment;
  if (target === 'none') {
    throw new InvalidInputError(`The run ${runId} deploys no model: its pipeline.yml had deployment.target: none.`);
  }
  const fact = await readFact(objectStore, runUri, 'model');
  if (fact === undefined) throw new InvalidInputError(`The run ${runId} has registered no model.`);
  const { modelRecordUri } = fact as { readonly modelRecordUri: string };
  return { runUri, modelRecordUri, target };
};

/** What a run's last deployment has left. */
export const deploymentOf = async (runUri: string): Promise<RunRecord['deployment']> => {
  const facts = ['endpoint', 'image', 'kyma', 'smokeTest'] as const;
  const values = await Promise.all(facts.map((fact) => readFact(s3ObjectStore(), runUri, fact)));
  return RunRecord.shape.deployment.parse(Object.fromEntries(facts.map((fact, index) => [fact, values[index]])));
};
