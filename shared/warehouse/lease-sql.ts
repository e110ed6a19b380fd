import { columnOfType, typeDdl } from '#shared/warehouse/column-types.ts';
import { insertInto, qualified, type SqlStatement } from '#shared/warehouse/sql.ts';
import type { Lease, LeaseClaim, Row, Table } from '#shared/warehouse/warehouse.ts';

/** In the database user's schema: who may write to which table, until when by the warehouse's clock. Rows are never deleted, so that fences only rise. */
export const LEASES: Table = {
  name: 'FEDML_LEASE',
  columns: [
    columnOfType('TARGET_TABLE', 'NVARCHAR(127)', false),
    columnOfType('OWNER', 'NVARCHAR(64)', false),
    columnOfType('RUN_ID', 'NVARCHAR(80)', false),
    columnOfType('FENCE', 'BIGINT', false),
    columnOfType('UNTIL', 'TIMESTAMP', false),
  ],
  primaryKey: ['TARGET_TABLE'],
};

/** Nobody's lease, long expired: the row that the first taker finds. */
export const freshLease = (target: string): Row => [target, '', '', 0, '1970-01-01 00:00:00'];

const NOW = 'CURRENT_UTCTIMESTAMP';
const HELD = '"TARGET_TABLE" = ? AND "OWNER" = ? AND "FENCE" = ?';

const leases = (schema: string): string => qualified({ schema, name: LEASES.name });

const held = ({ target, owner, fence }: Lease): Row => [target, owner, fence];

/** The fence stays for an owner whose lease hasn't expired, and rises for everybody else. */
export const takeLease = (schema: string, { target, owner, runId, ttlSeconds }: LeaseClaim): SqlStatement => ({
  sql: `UPDATE ${leases(schema)} SET "FENCE" = CASE WHEN "OWNER" = ? AND "UNTIL" > ${NOW} THEN "FENCE" ELSE "FENCE" + 1 END, "OWNER" = ?, "RUN_ID" = ?, "UNTIL" = ADD_SECONDS(${NOW}, ?) WHERE "TARGET_TABLE" = ? AND ("OWNER" = ? OR "UNTIL" <= ${NOW})`,
  parameters: [owner, owner, runId, ttlSeconds, target, owner],
});

export const selectLease = (schema: string, target: string): SqlStatement => ({
  sql: `SELECT "OWNER", "FENCE", "RUN_ID", SECONDS_BETWEEN(${NOW}, "UNTIL") FROM ${leases(schema)} WHERE "TARGET_TABLE" = ?`,
  parameters: [target],
});

export const holdLease = (schema: string, lease: Lease, ttlSeconds: number): SqlStatement => ({
  sql: `UPDATE ${leases(schema)} SET "UNTIL" = ADD_SECONDS(${NOW}, ?) WHERE ${HELD}`,
  parameters: [ttlSeconds, ...held(lease)],
});

export const freeLease = (schema: string, lease: Lease, forGood: boolean): SqlStatement => ({
  sql: `UPDATE ${leases(schema)} SET "UNTIL" = ${NOW}${forGood ? `, "OWNER" = ''` : ''} WHERE ${HELD}`,
  parameters: held(lease),
});

/** The lease's row is what there is to select from: without it there is no row to insert. */
export const insertFenced = (schema: string, { name, columns }: Table, row: Row, lease: Lease): SqlStatement => ({
  sql: `${insertInto(
    { schema, name },
    columns.map((column) => column.name),
  )} SELECT ${columns
    .map((column) => `CAST(? AS ${typeDdl(column)})`)
    .join(', ')} FROM ${leases(schema)} WHERE ${HELD}`,
  parameters: [...row, ...held(lease)],
});

export const selectLeaseOwners = (schema: string): SqlStatement => ({
  sql: `SELECT "OWNER" FROM ${leases(schema)} WHERE "UNTIL" > ${NOW}`,
  parameters: [],
});
