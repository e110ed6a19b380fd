import { z } from 'zod';
import { ObjectChangedError, ObjectMissingError } from '#shared/errors.ts';
import { parseExact } from '#shared/json/exact-json.ts';
import { logger } from '#shared/logger.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { folderIn, type UriIn } from '#shared/store/layout.ts';
import { TriggeredRun, triggeredRunName } from '#shared/triggers/triggered-run.ts';

/** `triggers/<pipeline>/<run id>.json`: what became of a run that a schedule or an event asked for. */
export const TriggerRecord = z.strictObject({
  run: TriggeredRun,
  runId: z.string(),
  /** `started`: also when a run that was going was stopped for it; `queued`: it starts when the others have ended. */
  decision: z.enum(['started', 'skipped', 'queued']),
  /** The runs that were going. */
  going: z.array(z.string()),
  decidedAt: z.iso.datetime(),
});
export type TriggerRecord = z.infer<typeof TriggerRecord>;

export const readTriggerRecord = async (
  objectStore: ObjectStore,
  storeUri: string,
  run: TriggeredRun,
): Promise<TriggerRecord | undefined> => readRecord(objectStore, recordUri(storeUri, run));

export const writeTriggerRecord = async (
  objectStore: ObjectStore,
  storeUri: string,
  record: TriggerRecord,
): Promise<void> => {
  await put(objectStore, recordUri(storeUri, record.run), record);
};

/**
 * Puts a run into the queue. One of each trigger waits there at a time: whoever starts each hour what takes two would
 * never see the end of a longer one.
 *
 * @returns false when one waits there already.
 */
export const enqueue = async (objectStore: ObjectStore, storeUri: string, record: TriggerRecord): Promise<boolean> => {
  const { pipeline, trigger } = record.run;
  const uri = `${folderIn(storeUri, 'queued-runs')}${pipeline}/${trigger}.json`;
  try {
    await put(objectStore, uri, record, { ifNoneMatch: '*' });
    return true;
  } catch (error) {
    if (!(error instanceof ObjectChangedError)) throw error;
    return (await readRecord(objectStore, uri))?.runId === record.runId;
  }
};

/** A queued run, and the object that holds it. */
export interface QueuedRun {
  readonly uri: UriIn<'queued-runs'>;
  readonly record: TriggerRecord;
}

/** The queued runs in the order in which they came. What is none must not hide those behind it. */
export const queuedRuns = async (objectStore: ObjectStore, storeUri: string): Promise<QueuedRun[]> => {
  const queued: QueuedRun[] = [];
  for await (const { uri } of objectStore.list(folderIn(storeUri, 'queued-runs'))) {
    try {
      const record = await readRecord(objectStore, uri);
      if (record) queued.push({ uri, record });
    } catch (error) {
      logger.warn('Not a queued run', { uri, error: error as Error });
    }
  }
  return queued.sort((a, b) => a.record.decidedAt.localeCompare(b.record.decidedAt));
};

const recordUri = (storeUri: string, run: TriggeredRun): string =>
  `${folderIn(storeUri, 'triggers')}${run.pipeline}/${triggeredRunName(run)}.json`;

const put = (objectStore: ObjectStore, uri: string, record: TriggerRecord, condition: { ifNoneMatch?: '*' } = {}) =>
  objectStore.put(uri, `${JSON.stringify(record, null, 2)}\n`, { contentType: 'application/json', ...condition });

const readRecord = async (objectStore: ObjectStore, uri: string): Promise<TriggerRecord | undefined> => {
  try {
    return TriggerRecord.parse(parseExact((await objectStore.getText(uri)).text));
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};
