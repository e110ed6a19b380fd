import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import { parseExact } from '#shared/json/exact-json.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { Run, runRecordUri } from '#shared/pipeline/run.ts';

/** A dataset in a few lines; its manifest has the parts. */
const DatasetSummary = z.object({
  manifestUri: z.string(),
  schema: z.string(),
  view: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rowCount: z.int(),
  sizeBytes: z.int(),
  partCount: z.int(),
});
export type DatasetSummary = z.infer<typeof DatasetSummary>;

const Reuse = z.object({ runUri: z.string(), because: z.string() });

/** What a run has taken from earlier ones, where nothing had changed since. */
export const Reused = z.object({
  trainingData: Reuse.optional(),
  model: Reuse.optional(),
  endpoint: Reuse.omit({ runUri: true }).optional(),
  scoringData: Reuse.optional(),
  predictions: Reuse.optional(),
});
export type Reused = z.infer<typeof Reused>;

/** `stopped` and `timedOut`: the execution was ended from outside, before the run could say anything. */
export const Outcome = z.enum(['succeeded', 'failed', 'gateNotPassed', 'stopped', 'timedOut']);
export type Outcome = z.infer<typeof Outcome>;

/** `run.json` once the run has ended: the run as it was resolved, how it ended, and what each step that ran has left. */
export const RunRecord = Run.extend({
  outcome: Outcome,
  finishedAt: z.iso.datetime(),
  durationSeconds: z.number(),
  failure: z.object({ error: z.string(), cause: z.string() }).nullable(),
  /** Of an ending that was recorded from outside: when the bus was told of it; null before. */
  toldAt: z.iso.datetime().nullable().optional(),
  reused: Reused.default({}),
  datasets: z.object({
    train: DatasetSummary.optional(),
    test: DatasetSummary.optional(),
    score: DatasetSummary.optional(),
  }),
  training: z.object({
    search: z.looseObject({ because: z.string() }).optional(),
    job: z.looseObject({}).optional(),
    evaluation: z
      .looseObject({
        trainingJobName: z.string(),
        gatePassed: z.boolean(),
        metrics: z.record(z.string(), z.number().nullable()),
        rules: z.array(z.looseObject({ metric: z.string(), min: z.number().optional(), max: z.number().optional() })),
      })
      .optional(),
    model: z.looseObject({ modelRecordUri: z.string(), trainingJobName: z.string().optional() }).optional(),
  }),
  deployment: z.object({
    endpoint: z.looseObject({ endpointName: z.string() }).optional(),
    image: z.looseObject({ imageUri: z.string(), bytesPushed: z.int() }).optional(),
    kyma: z.looseObject({ url: z.string(), namespace: z.string(), name: z.string() }).optional(),
    smokeTest: z.looseObject({ rowCount: z.int() }).optional(),
  }),
  prediction: z.object({
    scoring: z.looseObject({}).optional(),
    transformJob: z.looseObject({}).optional(),
    publication: z
      .looseObject({
        schema: z.string(),
        table: z.string(),
        mode: z.string(),
        rowCount: z.int(),
        rejectedCount: z.int().default(0),
        writeId: z.string(),
      })
      .optional(),
  }),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** The record of a run that has ended. Throws InvalidInputError while the run is still going. */
export const loadRunRecord = async (objectStore: ObjectStore, runUri: string): Promise<RunRecord> => {
  const { text } = await objectStore.getText(runRecordUri(runUri));
  const record = RunRecord.safeParse(parseExact(text));
  if (!record.success) {
    throw new InvalidInputError(
      `${runRecordUri(runUri)} is not the record of a run that has ended.\n${z.prettifyError(record.error)}`,
    );
  }
  return record.data;
};
