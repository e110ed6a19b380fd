import { DatasetManifest } from '#shared/dataset/manifest.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { FACTS, type Fact, readFact } from '#shared/pipeline/facts.ts';
import type { Run } from '#shared/pipeline/run.ts';
import type { DatasetSummary, Outcome } from '#shared/pipeline/run-record.ts';
import { reusedBy } from './reused-by.ts';
import type { UnpackedFailure } from './unpack-failure.ts';

export interface Ending {
  readonly outcome: Outcome;
  readonly finishedAt: string;
  readonly failure: UnpackedFailure | null;
}

/** The final run.json: the run as it was resolved, how it ended, and what each step that ran left in the run's folder. */
export const composeRecord = async (objectStore: ObjectStore, run: Run, ending: Ending): Promise<object> => ({
  ...run,
  ...ending,
  durationSeconds: Math.round((Date.parse(ending.finishedAt) - Date.parse(run.startedAt)) / 1000),
  reused: await reusedBy(objectStore, run.runUri),
  datasets: {
    train: await dataset(objectStore, run.runUri, 'trainManifest'),
    test: await dataset(objectStore, run.runUri, 'testManifest'),
    score: await dataset(objectStore, run.runUri, 'scoreManifest'),
  },
  training: {
    search: await readFact(objectStore, run.runUri, 'modelSearch'),
    job: await readFact(objectStore, run.runUri, 'trainingJob'),
    evaluation: await readFact(objectStore, run.runUri, 'evaluation'),
    model: await readFact(objectStore, run.runUri, 'model'),
  },
  deployment: {
    endpoint: await readFact(objectStore, run.runUri, 'endpoint'),
    image: await readFact(objectStore, run.runUri, 'image'),
    kyma: await readFact(objectStore, run.runUri, 'kyma'),
    smokeTest: await readFact(objectStore, run.runUri, 'smokeTest'),
  },
  prediction: {
    scoring: await readFact(objectStore, run.runUri, 'scoring'),
    transformJob: await readFact(objectStore, run.runUri, 'transformJob'),
    publication: await readFact(objectStore, run.runUri, 'publication'),
  },
});

/** A dataset in a few lines; its manifest has the parts. */
const dataset = async (objectStore: ObjectStore, runUri: string, fact: Fact): Promise<DatasetSummary | undefined> => {
  const manifest = DatasetManifest.safeParse(await readFact(objectStore, runUri, fact));
  if (!manifest.success) return undefined;
  const { source, columns, rowCount, sizeBytes, parts } = manifest.data;
  return {
    manifestUri: `${runUri}${FACTS[fact]}`,
    schema: source.schema,
    view: source.view,
    columns: columns.map(({ name, type }) => ({ name, type })),
    rowCount,
    sizeBytes,
    partCount: parts.length,
  };
};
