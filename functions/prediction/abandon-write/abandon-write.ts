import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { leaseOf } from '#shared/predictions/lease.ts';
import { loadWriteRecord } from '#shared/predictions/write-record.ts';
import type { Warehouse } from '#shared/warehouse/warehouse.ts';
import type { AbandonWriteInput, AbandonWriteOutput } from './schema.ts';

interface Ports {
  readonly warehouse: Warehouse;
  readonly objectStore: ObjectStore;
}

/**
 * Lets other runs have the target table of a write that failed. What is staged stays, so that the run can be taken up again;
 * a lease that somebody else has by now is left alone.
 */
export const abandonWrite = async (
  { runUri, writeId, fence }: AbandonWriteInput,
  { warehouse, objectStore }: Ports,
): Promise<AbandonWriteOutput> => {
  const record = await loadWriteRecord(objectStore, runUri, writeId);
  await warehouse.write({ runId: record.runId }, (session) =>
    session.transaction((transaction) => transaction.freeLease(leaseOf(record, fence), false)),
  );
  return { table: record.table };
};
