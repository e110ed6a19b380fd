import type { RunEndings } from '#shared/executions/run-endings.ts';
import { CHUNKS, discardChunk, findChunks, forgetChunks } from '#shared/predictions/chunks.ts';
import { holdTarget, takeTarget } from '#shared/predictions/lease.ts';
import { findInLedger, LEDGER } from '#shared/predictions/ledger.ts';
import { sweepStaging } from '#shared/predictions/sweep-staging.ts';
import { checkTargetTable } from '#shared/predictions/target-table.ts';
import { makeCurrentView } from '#shared/predictions/versions.ts';
import { stagingTable, type WriteRecord } from '#shared/predictions/write-record.ts';
import { LEASES } from '#shared/warehouse/lease-sql.ts';
import type { Lease, Table, Warehouse, WriteSession } from '#shared/warehouse/warehouse.ts';
import { WATERMARKS } from '#shared/watermark/published-watermark.ts';

type Write = Omit<WriteRecord, 'schema'>;

export interface PreparedTables {
  /** Where the tables are. */
  readonly schema: string;
  /** Of the lease on the target table. */
  readonly fence: number;
  readonly alreadyPublished: boolean;
}

/** Takes the lease on the target table and makes what the write needs; nothing of that when the write was published before. */
export const prepareTables = (
  { warehouse, runs }: { readonly warehouse: Warehouse; readonly runs: RunEndings },
  write: Write,
  target: Table,
): Promise<PreparedTables> =>
  warehouse.write({ runId: write.runId }, async (session) => {
    for (const table of [LEDGER, LEASES, CHUNKS]) await session.createTable(table);
    if (write.window) await session.createTable(WATERMARKS);
    const { lease, alreadyPublished } = await takeUnlessPublished(session, write, runs);
    const prepared = { schema: session.schema, fence: lease.fence, alreadyPublished };
    if (alreadyPublished) return prepared;
    try {
      await makeTarget(session, write, target);
      await makeStaging(session, write, lease);
      await sweepStaging(session);
    } catch (error) {
      // Best effort: the lease of a session that is lost expires by itself, and the first error is the one to tell.
      await session.transaction((transaction) => transaction.freeLease(lease, false)).catch(() => undefined);
      throw error;
    }
    return prepared;
  });

/** The ledger is asked while the lease's row is locked: a publication of the same write that is under way ends before. */
const takeUnlessPublished = (session: WriteSession, write: Write, runs: RunEndings) =>
  session.transaction(async (transaction) => {
    const lease = await takeTarget(transaction, write, runs);
    const alreadyPublished = (await findInLedger(transaction, write.writeId)) !== undefined;
    if (alreadyPublished) await transaction.freeLease(lease, true);
    return { lease, alreadyPublished };
  });

const makeTarget = async (session: WriteSession, { mode }: Write, target: Table): Promise<void> => {
  const existing = await session.tableOf(target.name);
  if (existing) checkTargetTable(existing, target);
  else await session.createTable(target);
  if (mode === 'versioned') await makeCurrentView(session, target);
};

/** Keeps the parts that an earlier try has staged, apart from those that this plan doesn't have. */
const makeStaging = async (session: WriteSession, write: Write, lease: Lease): Promise<void> => {
  const staging = stagingTable(write);
  const isThere = (await session.tableOf(staging.name)) !== undefined;
  const chunks = await session.transaction((transaction) => findChunks(transaction, write.writeId));
  // Without the table, as after somebody dropped it, the parts are gone too.
  if (!isThere && chunks.length > 0) {
    await session.transaction((transaction) => forgetChunks(transaction, write.writeId));
  }
  if (!isThere) return session.createTable(staging);
  const surplus = chunks.filter(({ part }) => part >= write.partCount);
  if (surplus.length === 0) return;
  await session.transaction(async (transaction) => {
    await holdTarget(transaction, lease);
    for (const { part } of surplus) await discardChunk(transaction, write, part);
  });
};
