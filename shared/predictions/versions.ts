import { createHash } from 'node:crypto';
import { InvalidInputError, TargetTableError } from '#shared/errors.ts';
import type { RunEndings } from '#shared/executions/run-endings.ts';
import { takeTarget } from '#shared/predictions/lease.ts';
import { enterLedger, LEDGER } from '#shared/predictions/ledger.ts';
import { LINEAGE_COLUMNS } from '#shared/predictions/target-table.ts';
import type { NewestView, Row, Table, Transaction, Warehouse, WriteSession } from '#shared/warehouse/warehouse.ts';

/** The view that shows the published version of a table that keeps all of them. */
export const currentViewName = (table: string): string => `${table}_CURRENT`;

export const currentView = ({ name, columns }: Table): NewestView => ({
  name: currentViewName(name),
  table: name,
  columns: columns.map((column) => column.name),
  ledger: {
    table: LEDGER.name,
    about: 'TARGET_TABLE',
    order: 'FENCE',
    equal: [LINEAGE_COLUMNS.runId.name, LINEAGE_COLUMNS.model.name],
  },
});

/** @throws TargetTableError when a table has the view's name. */
export const makeCurrentView = async (session: WriteSession, table: Table): Promise<void> => {
  const view = currentView(table);
  if (await session.tableOf(view.name)) {
    throw new TargetTableError(
      `${view.name} is a table, and prediction.target.mode versioned makes a view of that name. Rename the table, or name another one in prediction.target.table.`,
    );
  }
  await session.createView(view);
};

export interface Rollback {
  readonly pipeline: string;
  readonly table: string;
  /** The run whose predictions are to be shown. */
  readonly runId: string;
}

export interface RolledBack {
  readonly schema: string;
  readonly view: string;
  readonly rowCount: number;
  /** What was shown before; the same run when there was nothing to do. */
  readonly previousRunId: string;
}

/**
 * Makes the current view of a versioned table show the predictions of an earlier run: one more entry of the ledger, in one
 * transaction. Done again, it changes nothing.
 *
 * @throws InvalidInputError when that run has not been published to the table; the message lists those that were.
 */
export const rollBack = (
  { warehouse, runs }: { readonly warehouse: Warehouse; readonly runs: RunEndings },
  { pipeline, table, runId }: Rollback,
): Promise<RolledBack> =>
  warehouse.write({ runId }, async (session) => {
    if (!(await session.tableOf(LEDGER.name))) throw notPublished({ pipeline, table, runId }, []);
    const { version, newest } = await session.transaction(async (transaction) => {
      const versions = await findVersions(transaction, table);
      const version = versions.find((entry) => entry.runId === runId && entry.mode === 'versioned');
      if (!version) throw notPublished({ pipeline, table, runId }, versions);
      const newest = versions[0]!;
      if (newest.runId !== runId) await enterRollback(transaction, { pipeline, table, runId }, version, runs);
      return { version, newest };
    });
    const { schema } = session;
    return { schema, view: currentViewName(table), rowCount: version.rowCount, previousRunId: newest.runId };
  });

interface Version {
  readonly runId: string;
  readonly mode: string;
  readonly model: string;
  readonly rowCount: number;
  readonly fence: number;
}

/** Newest first. */
const findVersions = async (transaction: Transaction, table: string): Promise<Version[]> => {
  const columns = ['RUN_ID', 'MODE', 'MODEL', 'ROW_COUNT', 'FENCE'];
  const rows = await transaction.find(LEDGER.name, columns, { TARGET_TABLE: table });
  return rows.map(versionOf).sort((a, b) => b.fence - a.fence);
};

const versionOf = ([runId, mode, model, rowCount, fence]: Row): Version => ({
  runId: String(runId),
  mode: String(mode),
  model: String(model),
  rowCount: Number(rowCount),
  fence: Number(fence),
});

/** The lease keeps a run from publishing at the same moment, and its fence makes the entry the newest. */
const enterRollback = async (
  transaction: Transaction,
  { pipeline, table, runId }: Rollback,
  { model, rowCount, fence: publishedFence }: Version,
  runs: RunEndings,
): Promise<void> => {
  const owner = rollbackId(table, runId, publishedFence);
  const writer = { table, writeId: owner, runId: `rollback to ${runId}`.slice(0, 80) };
  const lease = await takeTarget(transaction, writer, runs);
  const entry = { rowCount, rejectedCount: 0, publishedAt: new Date().toISOString() };
  const writeId = rollbackId(table, runId, lease.fence);
  await enterLedger(
    transaction,
    { writeId, pipeline, runId, table, model, mode: 'rollback', fence: lease.fence },
    entry,
  );
  await transaction.freeLease(lease, true);
};

const rollbackId = (table: string, runId: string, fence: number): string =>
  createHash('sha256')
    .update(JSON.stringify(['rollback', table, runId, fence]))
    .digest('hex');

const notPublished = ({ table, runId, pipeline }: Rollback, versions: readonly Version[]): InvalidInputError => {
  const published = [...new Set(versions.filter(({ mode }) => mode === 'versioned').map((version) => version.runId))];
  return new InvalidInputError(
    published.length > 0
      ? `${runId} has not published to ${table} by mode versioned. These have, the newest first: ${published.slice(0, 10).join(', ')}.`
      : `Nothing was published to ${table} by mode versioned yet. Set prediction.target.mode: versioned in pipelines/${pipeline}/pipeline.yml and run it.`,
  );
};
