import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { TargetTableError } from '#shared/errors.ts';
import type { PredictionSettings } from '#shared/pipeline/definition.ts';
import {
  columnOfType,
  hasLength,
  isFloatingDecimal,
  isLarge,
  typeDdl,
  typeKind,
} from '#shared/warehouse/column-types.ts';
import type { Table } from '#shared/warehouse/warehouse.ts';

export type WriteMode = PredictionSettings['target']['mode'];

/** Columns that every row of a target table has: where the prediction comes from. INSERTED_AT is FedML's. */
export const LINEAGE_COLUMNS = {
  runId: columnOfType('RUN_ID', 'NVARCHAR(80)'),
  model: columnOfType('MODEL', 'NVARCHAR(127)'),
  predictedAt: columnOfType('PREDICTED_AT', 'TIMESTAMP'),
  insertedAt: columnOfType('INSERTED_AT', 'TIMESTAMP'),
};

/** What is wrong with the names of a target table's columns: those that would be there twice. Undefined when nothing is. */
export const repeatedColumns = (names: readonly string[]): string | undefined => {
  const lineage = Object.values(LINEAGE_COLUMNS).map(({ name }) => name);
  const taken = new Set(lineage);
  const repeated = names.filter((name) => taken.has(name) || !taken.add(name));
  if (repeated.length === 0) return undefined;
  return `would be twice in the table: ${repeated.join(', ')}. It has the key, these columns, and ${lineage.join(', ')}`;
};

/** The columns of a prediction's row: the key's, with the types of the view, then the model's answer. */
export const predictionColumns = (
  { columns, target }: PredictionSettings,
  key: readonly DatasetColumn[],
): DatasetColumn[] => {
  const keyNullable = target.mode !== 'upsert';
  return [
    // As the type that the table will have: a view's ALPHANUM is kept in an NVARCHAR.
    ...key.map((column) => columnOfType(column.name, typeDdl(column), keyNullable)),
    ...columns.map(({ name, type }) => columnOfType(name, type)),
  ];
};

/** The table as it is created when there is none. Only upsert needs a key; a table that is appended to has many rows of one. */
export const targetTable = (
  { target }: PredictionSettings,
  key: readonly DatasetColumn[],
  columns: readonly DatasetColumn[],
): Table => ({
  name: target.table,
  columns: [...columns, ...Object.values(LINEAGE_COLUMNS)],
  primaryKey: target.mode === 'upsert' ? key.map(({ name }) => name) : [],
});

/**
 * Checks that the rows fit a table that exists already.
 *
 * @throws TargetTableError with every difference at once.
 */
export const checkTargetTable = (existing: Table, wanted: Table): void => {
  const byName = new Map(existing.columns.map((column) => [column.name, column]));
  const wantedNames = new Set(wanted.columns.map(({ name }) => name));
  const problems = [
    ...wanted.columns.flatMap((column) => columnProblems(byName.get(column.name), column)),
    ...existing.columns
      .filter(({ name, nullable }) => !nullable && !wantedNames.has(name))
      .map(({ name }) => `${name} is NOT NULL, and the predictions have no value for it`),
    ...keyProblems(existing, wanted),
  ];
  if (problems.length > 0) {
    throw new TargetTableError(
      `The table ${existing.name} can't take the predictions:\n${problems.map((problem) => `  ${problem}`).join('\n')}\nAlter the table, name another one in prediction.target.table, or drop it to have it created.`,
    );
  }
};

const columnProblems = (existing: DatasetColumn | undefined, wanted: DatasetColumn): string[] => {
  if (!existing) return [`${wanted.name} ${typeDdl(wanted)} is missing`];
  const problems = holds(existing, wanted)
    ? []
    : [`${wanted.name} is ${typeDdl(existing)} and must hold ${typeDdl(wanted)}`];
  return existing.nullable || !wanted.nullable
    ? problems
    : [...problems, `${wanted.name} is NOT NULL, and can be empty`];
};

/** Types that hold every value of the types before them. */
const WIDENING: readonly (readonly string[])[] = [
  ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT'],
  ['REAL', 'DOUBLE'],
  ['VARCHAR', 'NVARCHAR', 'NCLOB'],
  ['DATE', 'SECONDDATE', 'TIMESTAMP'],
];

const holds = (existing: DatasetColumn, wanted: DatasetColumn): boolean => {
  if (typeKind(existing) === 'decimal' && typeKind(wanted) === 'decimal') return holdsDecimal(existing, wanted);
  if (existing.type === wanted.type) return !hasLength(wanted) || existing.length >= wanted.length;
  const line = WIDENING.find((types) => types.includes(wanted.type)) ?? [];
  const isWider = line.indexOf(existing.type) > line.indexOf(wanted.type);
  return isWider && (isLarge(existing) || existing.type !== 'NVARCHAR' || existing.length >= wanted.length);
};

/** A floating decimal holds as many digits as it has, wherever their point is. */
const holdsDecimal = (existing: DatasetColumn, wanted: DatasetColumn): boolean => {
  if (isFloatingDecimal(existing)) return existing.length >= wanted.length;
  if (isFloatingDecimal(wanted)) return false;
  const [scale, wantedScale] = [existing.scale ?? 0, wanted.scale ?? 0];
  return scale >= wantedScale && existing.length - scale >= wanted.length - wantedScale;
};

const keyProblems = (existing: Table, wanted: Table): string[] => {
  if (wanted.primaryKey.length === 0) return [];
  const same =
    existing.primaryKey.length === wanted.primaryKey.length &&
    wanted.primaryKey.every((name) => existing.primaryKey.includes(name));
  if (same) return [];
  const is = existing.primaryKey.length > 0 ? `is (${existing.primaryKey.join(', ')})` : 'is missing';
  return [
    `its primary key ${is} and must be (${wanted.primaryKey.join(', ')}), or upsert could not find the rows to replace`,
  ];
};
