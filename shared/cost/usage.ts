import type { InstanceUse, Usage } from '#shared/cost/cost.ts';
import type { RunRecord } from '#shared/pipeline/run-record.ts';

/** What only SageMaker knows of a run's jobs; undefined where it isn't asked or doesn't know. */
export interface JobTimes {
  /** BillableTimeInSeconds, also of a job that failed. */
  readonly trainingSeconds?: number | undefined;
  readonly transformSeconds?: number | undefined;
}

/**
 * What a run used. Its own training and transform are counted, not those that it took over from earlier runs. Functions and
 * transitions are estimated from the number of parts: their cost is cents where that of instances is dollars.
 */
export const usageOfRun = (record: RunRecord, times: JobTimes = {}): Usage => ({
  instances: [...trainingUse(record, times), ...transformUse(record, times)],
  ...estimatedCalls(partsOf(record)),
});

const trainingUse = ({ reused, training, definition }: RunRecord, { trainingSeconds }: JobTimes): InstanceUse[] => {
  const recorded = training.evaluation?.billableSeconds;
  const seconds = typeof recorded === 'number' ? recorded : trainingSeconds;
  if (reused.model || seconds === undefined) return [];
  const { instanceType, instanceCount } = definition.training;
  return [{ what: 'training', instanceType, instanceCount, seconds }];
};

const transformUse = ({ reused, definition }: RunRecord, { transformSeconds }: JobTimes): InstanceUse[] => {
  const { prediction } = definition;
  if (reused.predictions || prediction?.method !== 'transform' || transformSeconds === undefined) return [];
  const { type, count } = prediction.instances;
  return [{ what: 'batch transform', instanceType: type, instanceCount: count, seconds: transformSeconds }];
};

const partsOf = ({ datasets }: RunRecord): number =>
  [datasets.train, datasets.test, datasets.score].reduce((sum, dataset) => sum + (dataset?.partCount ?? 0), 0);

/** All states of the five machines, and those of them that call a function: test/shared/cost counts them. */
export const STATES = 78;
export const FUNCTION_STATES = 28;

/** A part is read, scored and written by a child execution each: its start, its state and its end. */
const TRANSITIONS_A_PART = 9;
const CALLS_A_PART = 3;

/** Assumed, on the high side: a call that plans takes a second of half a gigabyte, a part a minute of a vCPU, which is 1.73 GB. */
const GB_SECONDS_A_CALL = 0.5;
const GB_SECONDS_A_PART = 60 * 1.73;

/** At most what a run with so many parts takes, a state that is entered twice left aside. */
export const estimatedCalls = (partCount: number): Omit<Usage, 'instances'> => ({
  functionCalls: FUNCTION_STATES + partCount * CALLS_A_PART,
  functionGbSeconds: FUNCTION_STATES * GB_SECONDS_A_CALL + partCount * GB_SECONDS_A_PART,
  stateTransitions: STATES + partCount * TRANSITIONS_A_PART,
});
