import { isDeepStrictEqual } from 'node:util';
import { RunExistsError } from '#shared/errors.ts';
import { type Executions, executionArnOf } from '#shared/executions/executions.ts';
import type { Answer } from '#shared/http-api/operation.ts';
import { HttpProblem } from '#shared/http-api/problem.ts';
import { isExactNumber } from '#shared/json/exact-json.ts';
import { applyOverrides } from '#shared/pipeline/overrides.ts';
import { loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { newRunName, runNameFor } from '#shared/pipeline/run-name.ts';
import type { StartRunRequest } from './schema.ts';

interface Ports {
  readonly executions: Pick<Executions, 'start' | 'describe'>;
}

interface Settings {
  readonly pipelinesDir: string;
  readonly stateMachineArn: string;
}

/**
 * Starts a run of a pipeline, after its overrides were tried on the pipeline's definition.
 * An Idempotency-Key names the run; it is remembered as long as Step Functions remembers an execution, 90 days from its end.
 */
export const startRun = async (
  { path: { name: pipeline }, headers, body }: StartRunRequest,
  { executions }: Ports,
  { pipelinesDir, stateMachineArn }: Settings,
): Promise<Answer> => {
  applyOverrides(await loadDefinition(pipelinesDir, pipeline), body.overrides);
  const key = headers['idempotency-key'];
  const runId = key === undefined ? newRunName(pipeline) : runNameFor(pipeline, ['Idempotency-Key', key]);
  const input = { pipeline, ...body };
  const isNew = await startOnce(executions, { stateMachineArn, name: runId, input });
  const url = `/runs/${runId}`;
  return {
    status: isNew ? 202 : 200,
    headers: { location: url },
    body: { runId, pipeline, mode: body.mode, url },
  };
};

/** Step Functions takes the same name and input again while the execution is going: who comes second is asked for first. */
const startOnce = async (
  executions: Ports['executions'],
  request: Parameters<Executions['start']>[0],
): Promise<boolean> => {
  const earlier = await inputOf(executions, executionArnOf(request.stateMachineArn, request.name));
  if (earlier === undefined) {
    try {
      await executions.start(request);
      return true;
    } catch (error) {
      if (!(error instanceof RunExistsError)) throw error;
      return startOnce(executions, request);
    }
  }
  const differences = differencesBetween(earlier, request.input);
  if (differences.length === 0) return false;
  throw new HttpProblem(
    409,
    'IdempotencyKeyReused',
    'The Idempotency-Key was used for another request. Repeat that one, or take another key.',
    { differences },
  );
};

const inputOf = async (executions: Ports['executions'], executionArn: string): Promise<unknown> => {
  try {
    return (await executions.describe(executionArn)).input;
  } catch (error) {
    if ((error as Error).name === 'UnknownRunError') return undefined;
    throw error;
  }
};

const differencesBetween = (earlier: unknown, now: unknown, path = ''): string[] => {
  if (isDeepStrictEqual(earlier, now)) return [];
  if (!isObject(earlier) || !isObject(now)) return [`${path}: was ${shown(earlier)}, is ${shown(now)}`];
  return [...new Set([...Object.keys(earlier), ...Object.keys(now)])].flatMap((key) =>
    differencesBetween(earlier[key], now[key], path === '' ? key : `${path}.${key}`),
  );
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);

const shown = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
