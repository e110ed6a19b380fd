import { WarehouseUnavailableError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { enterLedger, findInLedger, type LedgerEntry } from '#shared/predictions/ledger.ts';
import { loadWriteRecord, publicationUri, type WriteRecord } from '#shared/predictions/write-record.ts';
import type { Warehouse } from '#shared/warehouse/warehouse.ts';
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
  await warehouse.write({ runId: record.runId }, (session) => session.dropTable(record.stagingTable));

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
    return await warehouse.write({ runId: record.runId }, (session) =>
      session.transaction(async (transaction) => {
        if (await enterLedger(transaction, record, entry)) {
          await publish(transaction, record, entry);
          return { ...entry, alreadyPublished: false };
        }
        const earlier = await findInLedger(transaction, record.writeId);
        return { ...earlier!, alreadyPublished: true };
      }),
    );
  } catch (error) {
    if (!(error instanceof WarehouseUnavailableError)) throw error;
    return settle(warehouse, record, error);
  }
};

/** The connection was lost, maybe after the commit: only the ledger knows. Without its row nothing happened. */
const settle = async (
  warehouse: Warehouse,
  { runId, writeId }: WriteRecord,
  lost: WarehouseUnavailableError,
): Promise<Publication> => {
  const entry = await warehouse.write({ runId }, (session) =>
    session.transaction((transaction) => findInLedger(transaction, writeId)),
  );
  if (!entry) throw lost;
  return { ...entry, alreadyPublished: true };
};
