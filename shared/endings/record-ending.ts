import { z } from 'zod';
import { parseExact } from '#shared/json/exact-json.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { Run, runRecordUri } from '#shared/pipeline/run.ts';
import { Outcome } from '#shared/pipeline/run-record.ts';
import { composeRecord, type Ending } from './compose-record.ts';

/** A run's record as it stands, and which version of it. */
export interface StandingRecord {
  readonly run: Run;
  /** Undefined while the run is going. */
  readonly outcome: Outcome | undefined;
  /** Of an ending that was recorded from outside: when the bus was told; null before. */
  readonly toldAt: string | null | undefined;
  readonly content: object;
  readonly etag: string;
}

const Standing = z.object({ outcome: Outcome.optional(), toldAt: z.iso.datetime().nullable().optional() });

export const readStanding = async (objectStore: ObjectStore, runUri: string): Promise<StandingRecord> => {
  const { text, etag } = await objectStore.getText(runRecordUri(runUri));
  const content = parseExact(text) as object;
  const { outcome, toldAt } = Standing.parse(content);
  return { run: Run.parse(content), outcome, toldAt, content, etag };
};

/**
 * Completes a run's record with how the run ended.
 *
 * @throws ObjectChangedError when somebody else has written the record since it was read.
 */
export const recordEnding = async (
  objectStore: ObjectStore,
  { run, etag }: StandingRecord,
  ending: Ending & { readonly toldAt?: null },
): Promise<void> => putRecord(objectStore, run, await composeRecord(objectStore, run, ending), etag);

/** Notes that the bus was told of an ending, so that nobody tells it again. */
export const noteTold = async (objectStore: ObjectStore, runUri: string): Promise<void> => {
  const { run, content, etag } = await readStanding(objectStore, runUri);
  await putRecord(objectStore, run, { ...content, toldAt: new Date().toISOString() }, etag);
};

const putRecord = async (objectStore: ObjectStore, { runUri }: Run, record: object, etag: string): Promise<void> => {
  await objectStore.put(runRecordUri(runUri), `${JSON.stringify(record, null, 2)}\n`, {
    ifMatch: etag,
    contentType: 'application/json',
  });
};
