import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import { findChampion } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { readFact } from '#shared/pipeline/facts.ts';
import { type Run, runIdOf } from '#shared/pipeline/run.ts';
import { pageOfRuns } from '#shared/pipeline/run-index.ts';
import type { UriIn } from '#shared/store/layout.ts';
import type { StepsLeft } from './steps-left.ts';

/** Of the runs after one, so many are looked at. Whoever resumes a run that is older than that knows why. */
const MAX_NEWER_RUNS = 100;

/**
 * Refuses to resume a run whose model or predictions would take the place of newer ones.
 *
 * @throws InvalidInputError naming the newer run.
 */
export const assertNewest = async (
  objectStore: ObjectStore,
  storeUri: string,
  run: Run,
  { deploy, predict }: Pick<StepsLeft, 'deploy' | 'predict'>,
): Promise<void> => {
  if (deploy) await assertNewestModel(objectStore, storeUri, run);
  if (predict) await assertNewestPredictions(objectStore, storeUri, run);
};

const assertNewestModel = async (objectStore: ObjectStore, storeUri: string, run: Run): Promise<void> => {
  const champion = await findChampion(objectStore, storeUri, run.pipeline);
  if (!champion || champion.runUri === run.runUri) return;
  if (Date.parse(champion.promotedAt) < Date.parse(run.startedAt)) return;
  throw new InvalidInputError(
    `The run ${run.runId} can't be resumed: the run ${runIdOf(champion.runUri)} has put a newer model in service since, which ` +
      `this one would replace. Start a new run; or, if the older model is wanted, \`npx fedml deploy ${run.pipeline} --run ${run.runId}\`.`,
  );
};

/** Rows that are appended take nobody's place. */
const assertNewestPredictions = async (objectStore: ObjectStore, storeUri: string, run: Run): Promise<void> => {
  const target = run.definition.prediction?.target;
  if (!target || target.mode === 'append') return;
  const { runUris } = await pageOfRuns(objectStore, storeUri, { pipelines: [run.pipeline], limit: MAX_NEWER_RUNS });
  const ours = runUris.indexOf(run.runUri);
  for (const newer of ours < 0 ? runUris : runUris.slice(0, ours)) {
    const runUri: UriIn<'runs'> = newer;
    const published = Publication.safeParse(await readFact(objectStore, runUri, 'publication')).data;
    if (published?.table !== target.table) continue;
    throw new InvalidInputError(
      `The run ${run.runId} can't be resumed: the run ${runIdOf(runUri)} has written newer predictions to ${target.table} since, ` +
        `which this one, of mode ${target.mode}, would replace. Start a new run.`,
    );
  }
};

const Publication = z.looseObject({ table: z.string() });
