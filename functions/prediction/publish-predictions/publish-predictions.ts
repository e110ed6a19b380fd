import { WarehouseUnavailableError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import { forgetChunks } from '#shared/predictions/chunks.ts';
import { LEASE_TTL_SECONDS, leaseLost, leaseOf } from '#shared/predictions/lease.ts';
import { enterLedger, findInLedger, type LedgerEntry } from '#shared/predictions/ledger.ts';
import { loadWriteRecord, quarantineFolderUri, type WriteRecord } from '#shared/predictions/write-record.ts';
import { rememberScoring } from '#shared/reuse/known-scoring.ts';
import { loadScoring } from '#shared/reuse/scoring-fact.ts';
import type { Transaction, Warehouse } from '#shared/warehouse/warehouse.ts';
import { advanceWatermark } from '#shared/watermark/published-watermark.ts';
import { checkStaged } from './check-staged.ts';
import { publish } from './publish.ts';
import type { PublishPredictionsInput, PublishPredictionsOutput } from './schema.ts';

interface Ports {
  readonly warehouse: Warehouse;
  readonly objectStore: ObjectStore;
}

interface Publication extends LedgerEntry {
  readonly alreadyPublished: boolean;
}

/**
 * Moves the predictions from the staging table into the target table, exactly once: the ledger's row and the rows of the
 * predictions are committed together, and a write that the ledger has is never published again.
 *
 * @throws DatasetMismatchError when the staging table doesn't have the rows that were scored and staged, or another run has
 * published the new rows of a view with a watermark.
 * @throws LeaseLostError when another run has taken the target table over.
 */
export const publishPredictions = async (
  { runUri, writeId, fence, rowCount }: PublishPredictionsInput,
  { warehouse, objectStore }: Ports,
): Promise<PublishPredictionsOutput> => {
  const record = await loadWriteRecord(objectStore, runUri, writeId);
  const publication = await publishOnce(warehouse, record, fence, rowCount);
  // In a session of its own: the one that publishes can't drop anything.
  await warehouse.write({ runId: record.runId }, (session) => session.dropTable(record.stagingTable));

  await remember(objectStore, record);
  const { schema, table, mode, runId, model, predictedAt } = record;
  const { rowCount: published, rejectedCount, publishedAt, alreadyPublished } = publication;
  const facts = { schema, table, mode, rowCount: published, rejectedCount, writeId };
  const quarantine = rejectedCount > 0 ? { quarantineUri: quarantineFolderUri(runUri) } : {};
  await writeFact(objectStore, runUri, 'publication', {
    ...facts,
    ...quarantine,
    runId,
    model,
    predictedAt,
    publishedAt,
  });
  return { ...facts, alreadyPublished };
};

/** Predictions that went into the table, every row accounted for, are fit for later runs. */
const remember = async (objectStore: ObjectStore, record: WriteRecord): Promise<void> => {
  const scoring = await loadScoring(objectStore, record.runUri);
  if (!scoring?.inputsSha256 || scoring.reused) return;
  await rememberScoring(objectStore, record, scoring.inputsSha256, scoring.predictionsUri);
};

const publishOnce = async (
  warehouse: Warehouse,
  record: WriteRecord,
  fence: number,
  scoredCount: number,
): Promise<Publication> => {
  try {
    return await warehouse.write({ runId: record.runId }, async (session) => {
      await session.forbidDdl();
      return session.transaction((transaction) => publishWithin(transaction, record, fence, scoredCount));
    });
  } catch (error) {
    if (!(error instanceof WarehouseUnavailableError)) throw error;
    return settle(warehouse, record, error);
  }
};

/** The lease's row is locked first: whoever publishes the same write at the same time waits there, and then finds it published. */
const publishWithin = async (
  transaction: Transaction,
  record: WriteRecord,
  fence: number,
  scoredCount: number,
): Promise<Publication> => {
  const lease = leaseOf(record, fence);
  if (!(await transaction.holdLease(lease, LEASE_TTL_SECONDS))) {
    const published = await recall(transaction, record);
    if (!published) throw leaseLost(lease);
    return published;
  }
  const { rowCount, rejectedCount } = await checkStaged(transaction, record, scoredCount);
  const entry = { rowCount, rejectedCount, publishedAt: new Date().toISOString() };
  const isFirst = await enterLedger(transaction, { ...record, fence }, entry);
  if (isFirst) {
    if (record.window) await advanceWatermark(transaction, { ...record, window: record.window });
    await publish(transaction, record, entry);
  }
  await forgetChunks(transaction, record.writeId);
  await transaction.freeLease(lease, true);
  return isFirst ? { ...entry, alreadyPublished: false } : (await recall(transaction, record))!;
};

/** The connection was lost, maybe after the commit: only the ledger knows. Without its row nothing happened. */
const settle = async (
  warehouse: Warehouse,
  record: WriteRecord,
  lost: WarehouseUnavailableError,
): Promise<Publication> => {
  const publication = await warehouse.write({ runId: record.runId }, (session) =>
    session.transaction((transaction) => recall(transaction, record)),
  );
  if (!publication) throw lost;
  return publication;
};

const recall = async (transaction: Transaction, { writeId }: WriteRecord): Promise<Publication | undefined> => {
  const entry = await findInLedger(transaction, writeId);
  return entry && { ...entry, alreadyPublished: true };
};
