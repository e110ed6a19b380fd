import { z } from 'zod';
import { type ExecutionDescription, type Executions, executionArnOf, hasEnded } from '#shared/executions/executions.ts';
import { parseExact } from '#shared/json/exact-json.ts';
import { ExactValue } from '#shared/json/exact-value.ts';
import { PipelineName } from '#shared/pipeline/definition.ts';
import { PipelineMode } from '#shared/pipeline/run-mode.ts';
import { runNameFor } from '#shared/pipeline/run-name.ts';
import { Overlap, type Schedule, scheduleId } from '#shared/schedules/schedule.ts';

/** As JSON text where they come by way of an event: Lambda reads events by JavaScript's numbers. */
const Overrides = z.preprocess(
  (given) => (typeof given === 'string' ? parsed(given) : given),
  z.record(z.string(), ExactValue).default({}),
);

const parsed = (text: string): unknown => {
  try {
    return parseExact(text);
  } catch {
    return text;
  }
};

/** A run that a schedule or an event asks for. */
export const TriggeredRun = z.strictObject({
  pipeline: PipelineName,
  mode: PipelineMode.default('full'),
  overrides: Overrides,
  overlap: Overlap.default('skip'),
  /** Who asks: a schedule's id, or a name that its author gave to a rule. */
  trigger: z.string().regex(/^[\w-]{1,64}$/, 'must be 1-64 letters, digits, hyphens and underscores'),
  /** Which time it asks: the scheduled time, or the event's id. Heard twice, it is one run. */
  occurrence: z.string().min(1).max(256),
});
export type TriggeredRun = z.infer<typeof TriggeredRun>;

/** What a schedule asks for at one of its times. */
export const triggeredBy = (pipeline: string, schedule: Schedule, scheduledTime: string): TriggeredRun => ({
  pipeline,
  mode: schedule.mode,
  overrides: schedule.overrides,
  overlap: schedule.overlap,
  trigger: scheduleId(schedule),
  occurrence: scheduledTime,
});

export const triggeredRunName = ({ pipeline, trigger, occurrence }: TriggeredRun): string =>
  runNameFor(pipeline, [trigger, occurrence]);

/** The runs of a pipeline that are going, but for one. An execution that names no pipeline runs the only one there is. */
export const runsGoing = async (
  executions: Pick<Executions, 'running'>,
  stateMachineArn: string,
  pipeline: string,
  exceptArn: string,
): Promise<ExecutionDescription[]> => {
  return runsOf(await executions.running(stateMachineArn), pipeline, [exceptArn]);
};

/** The same of executions that were listed before, for whoever asks about many pipelines. */
export const runsOf = (
  running: readonly ExecutionDescription[],
  pipeline: string,
  exceptArns: readonly (string | undefined)[],
): ExecutionDescription[] =>
  running.filter(
    ({ executionArn, status, input }) =>
      !exceptArns.includes(executionArn) &&
      !hasEnded(status) &&
      ((input as { pipeline?: unknown } | null)?.pipeline ?? pipeline) === pipeline,
  );

/** Starts the run, unless an earlier try did: by its name it is the same one. */
export const startTriggered = async (
  executions: Pick<Executions, 'start'>,
  stateMachineArn: string,
  run: TriggeredRun,
): Promise<string> => {
  const { pipeline, mode, overrides } = run;
  const name = triggeredRunName(run);
  try {
    await executions.start({ stateMachineArn, name, input: { pipeline, mode, overrides } });
  } catch (error) {
    if ((error as Error).name !== 'RunExistsError') throw error;
  }
  return executionArnOf(stateMachineArn, name);
};
