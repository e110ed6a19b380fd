import { WarehouseUnavailableError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { enterLedger, findInLedger, type LedgerEntry } from '#shared/predictions/ledger.ts';
import { loadWriteRecord, publicationUri, type WriteRecord } from '#shared/predictions/write-record.ts';
import type { Transaction, Warehouse } from '#shared/warehouse/warehouse.ts';
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
 * @throws DatasetMismatchError when the staging table doesn't have the rows that were scored.
 */
export const publishPredictions = async (
  { runUri, writeId, rowCount }: PublishPredictionsInput,
  { warehouse, objectStore }: Ports,
): Promise<PublishPredictionsOutput> => {
  const record = await loadWriteRecord(objectStore, runUri, writeId);
  const publication = await publishOnce(warehouse, record, { rowCount, publishedAt: new Date().toISOString() });

  const { schema, table, mode, runId, model, predictedAt } = record;
  const facts = { schema, table, mode, rowCount: publication.rowCount, writeId };
  await objectStore.put(
    publicationUri(runUri),
    JSON.stringify({ ...facts, runId, model, predictedAt, publishedAt: publication.publishedAt }, null, 2),
  );
  return { ...facts, alreadyPublished: publication.alreadyPublished };
};

const publishOnce = async (warehouse: Warehouse, record: WriteRecord, entry: LedgerEntry): Promise<Publication> => {
  try {
    return await thenDropStaging(warehouse, record, async (transaction) => {
      if (await enterLedger(transaction, record, entry)) {
        await publish(transaction, record, entry);
        return { ...entry, alreadyPublished: false };
      }
      return (await recall(transaction, record))!;
    });
  } catch (error) {
    if (!(error instanceof WarehouseUnavailableError)) throw error;
    return settle(warehouse, record, error);
  }
};

/** The connection was lost, maybe after the commit: only the ledger knows. Without its row nothing happened. */
const settle = (warehouse: Warehouse, record: WriteRecord, lost: WarehouseUnavailableError): Promise<Publication> =>
  thenDropStaging(warehouse, record, async (transaction) => {
    const publication = await recall(transaction, record);
    if (!publication) throw lost;
    return publication;
  });

const recall = async (transaction: Transaction, { writeId }: WriteRecord): Promise<Publication | undefined> => {
  const entry = await findInLedger(transaction, writeId);
  return entry && { ...entry, alreadyPublished: true };
};

/** The staged rows are of no use once the transaction that publishes them has ended well. */
const thenDropStaging = (
  warehouse: Warehouse,
  { runId, stagingTable }: WriteRecord,
  work: (transaction: Transaction) => Promise<Publication>,
): Promise<Publication> =>
  warehouse.write({ runId }, async (session) => {
    const publication = await session.transaction(work);
    await session.dropTable(stagingTable);
    return publication;
  });
