import { logger } from '#shared/logger.ts';
import { forgetChunks } from '#shared/predictions/chunks.ts';
import { STAGING_PREFIX, stagingTableName } from '#shared/predictions/write-record.ts';
import type { WriteSession } from '#shared/warehouse/warehouse.ts';

/** A write that failed can be resumed for some days; what it staged by then is rubbish. */
const STAGING_TTL_SECONDS = 3 * 24 * 60 * 60;

/**
 * Drops the staging tables of writes that nobody has worked on for days, and forgets their parts. A table that can't be
 * dropped, because somebody reads it for instance, keeps neither the others nor the write that sweeps: a later one tries again.
 */
export const sweepStaging = async (session: WriteSession): Promise<void> => {
  const old = await session.tablesOlderThan(STAGING_PREFIX, STAGING_TTL_SECONDS);
  if (old.length === 0) return;
  const alive = await session.transaction((transaction) => transaction.leaseOwners());
  const kept = new Set(alive.map(stagingTableName));
  for (const table of old.filter((name) => !kept.has(name))) {
    const writeId = table.slice(STAGING_PREFIX.length).toLowerCase();
    try {
      await session.transaction((transaction) => forgetChunks(transaction, writeId));
      await session.dropTable(table);
    } catch (error) {
      // A session that is lost fails at the write's own next statement.
      logger.warn('An old staging table stays', { table, error: error as Error });
    }
  }
};
