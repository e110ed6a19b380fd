import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { isLarge, typeKind } from '#shared/warehouse/column-types.ts';
import { HASH_COUNT, hashDigits } from '#shared/warehouse/row-hash.ts';
import type { Measure, Range, RowSelection, Slice, Tile } from '#shared/warehouse/warehouse.ts';

/** A Distributed Map of Step Functions runs 10,000 children at most; beyond them partitions grow. */
export const MAX_PARTITIONS = 10_000;

/** Columns whose spread is measured, so that the best of them can be taken. Each costs HANA a sort of its values. */
const MAX_CANDIDATES = 3;

/** Bounds are kept in the plan and bound to statements: a longer text is no column to cut by. */
const MAX_BOUND_LENGTH = 256;

/** A range of more than this many times the rows that it should have is cut further, by a hash of the key. */
const LARGEST_SHARE = 1.5;

export interface PartitionSettings {
  /** The column to cut by, where the user knows better. */
  readonly splitColumn?: string | undefined;
  readonly partSizeMb: number;
  readonly maxConnections: number;
}

export interface PartitionPlan {
  /** Together every row, each once, whatever rows come and go after the measuring. */
  readonly partitions: readonly RowSelection[];
  readonly estimatedBytes: number;
  /** Partitions that are read at once. */
  readonly maxConcurrency: number;
  /** For a person: why these. */
  readonly explanation: string;
}

/**
 * The columns that partitions could be cut by, the likeliest first: the one that the pipeline names, else those of the
 * key, else any others. A hash of the key serves where there is none.
 */
export const splitCandidates = (
  key: readonly DatasetColumn[],
  columns: readonly DatasetColumn[],
  { splitColumn }: Pick<PartitionSettings, 'splitColumn'>,
): readonly DatasetColumn[] => {
  if (splitColumn !== undefined) return columns.filter(({ name }) => name === splitColumn);
  const ofKey = byPreference(key);
  return (ofKey.length > 0 ? ofKey : byPreference(columns)).slice(0, MAX_CANDIDATES);
};

/** Whether ranges can be cut of the column: its values have an order, and a text form that is exact. */
export const isRangeable = (column: DatasetColumn): boolean =>
  RANGEABLE.includes(typeKind(column) ?? '') &&
  !isLarge(column) &&
  (typeKind(column) !== 'text' || column.length <= MAX_BOUND_LENGTH);

const RANGEABLE: readonly string[] = ['integer', 'decimal', 'timestamp', 'date', 'text', 'time'];

const byPreference = (columns: readonly DatasetColumn[]): DatasetColumn[] =>
  columns.filter(isRangeable).toSorted((a, b) => RANGEABLE.indexOf(typeKind(a)!) - RANGEABLE.indexOf(typeKind(b)!));

/** Cuts a view into partitions of about the size that is asked for, at the quantiles of its split column. */
export const planPartitions = (
  measure: Measure,
  { key, columns, candidates }: Record<'key' | 'columns' | 'candidates', readonly DatasetColumn[]>,
  settings: PartitionSettings,
): PartitionPlan => {
  const rowBytes = estimatedRowBytes(columns, measure.meanLength);
  const estimatedBytes = Math.round(measure.rowCount * rowBytes);
  const wanted = Math.min(Math.max(Math.ceil(estimatedBytes / (settings.partSizeMb * 1024 * 1024)), 1), MAX_PARTITIONS);
  const cut = wanted === 1 ? WHOLE : cutBest(measure, candidates, key, wanted);
  const { partitions, how } = cut;
  const maxConcurrency = Math.min(settings.maxConnections, partitions.length);
  const size = `${count(measure.rowCount)} rows of about ${Math.round(rowBytes)} bytes are about ${megabytes(estimatedBytes)}`;
  return {
    partitions: partitions.map(({ rows }) => rows),
    estimatedBytes,
    maxConcurrency,
    explanation: `${size}: ${how}${balance(partitions)}, ${maxConcurrency} at once.`,
  };
};

interface Partition {
  readonly rows: RowSelection;
  readonly rowCount: number;
}

interface Cut {
  readonly partitions: readonly Partition[];
  readonly how: string;
}

const WHOLE: Cut = { partitions: [{ rows: {}, rowCount: 0 }], how: 'one partition holds them' };

const cutBest = (
  { rowCount, spreads }: Measure,
  candidates: readonly DatasetColumn[],
  key: readonly DatasetColumn[],
  wanted: number,
): Cut => {
  const cuts = candidates.map((column, index) => cutRanges(column, spreads[index] ?? [], key, wanted));
  const best = cuts.toSorted((a, b) => a.slicedRows - b.slicedRows)[0];
  if (best && best.slicedRows < rowCount / 2) return best;
  const why = best
    ? `no column is spread well enough to cut ranges of (${candidates.map(({ name }) => name).join(', ')})`
    : 'no column has an order that ranges can be cut of';
  return {
    partitions: slices(key, wanted).map((slice) => ({ rows: { slice }, rowCount: rowCount / wanted })),
    how: `${wanted} slices by a hash of the key, since ${why}`,
  };
};

/** Rows of neighbouring values that begin with `from`. */
interface Group {
  readonly from: string;
  rowCount: number;
}

const cutRanges = (
  { name }: DatasetColumn,
  tiles: readonly Tile[],
  key: readonly DatasetColumn[],
  wanted: number,
): Cut & { readonly slicedRows: number } => {
  const rowCount = tiles.reduce((sum, tile) => sum + tile.rowCount, 0);
  const nullCount = tiles.reduce((sum, tile) => sum + tile.nullCount, 0);
  const target = rowCount / wanted;
  const runs = runsOf(groupsOf(tiles), target);
  const ranges = runs.map(({ from, rowCount }, index): { range: Range; rowCount: number } => ({
    range: {
      column: name,
      from: index === 0 ? undefined : from,
      below: runs[index + 1]?.from,
      // Rows without a value may still come.
      orNull: index === 0 && nullCount === 0 ? true : undefined,
    },
    rowCount,
  }));
  const parts = [
    ...ranges,
    ...(nullCount > 0 ? [{ range: { column: name, isNull: true as const }, rowCount: nullCount }] : []),
  ];
  const sliced = parts.filter((part) => part.rowCount > LARGEST_SHARE * target);
  const values = tiles.filter((tile) => tile.min !== undefined);
  const notes = [
    ...(nullCount > 0 ? [`${count(nullCount)} rows without a value apart`] : []),
    ...(sliced.length > 0 ? [`values that too many rows share cut further by a hash of the key`] : []),
  ];
  return {
    partitions: parts.flatMap((part) => cutFurther(part, key, target)),
    how: `${runs.length} ${runs.length === 1 ? 'range' : 'ranges'} of ${name} between quantiles, from ${values[0]?.min} to ${values.at(-1)?.max}${notes.map((note) => `, ${note}`).join('')}`,
    slicedRows: sliced.reduce((sum, part) => sum + part.rowCount, 0),
  };
};

/** Tiles that begin with the same value can't be told apart by it. */
const groupsOf = (tiles: readonly Tile[]): Group[] => {
  const groups: Group[] = [];
  for (const { min, rowCount, nullCount } of tiles) {
    if (min === undefined) continue;
    const last = groups.at(-1);
    if (last?.from === min) last.rowCount += rowCount - nullCount;
    else groups.push({ from: min, rowCount: rowCount - nullCount });
  }
  return groups;
};

/** Joins neighbouring groups into runs that end as near as they can to a multiple of `target` rows. */
const runsOf = (groups: readonly Group[], target: number): Group[] => {
  const runs: Group[] = [];
  let before = 0;
  let end = 0;
  for (const group of groups) {
    const last = runs.at(-1);
    if (last && before + group.rowCount / 2 <= end) last.rowCount += group.rowCount;
    else {
      runs.push({ ...group });
      end = (Math.round(before / target) + 1) * target;
    }
    before += group.rowCount;
  }
  return runs;
};

const cutFurther = (
  { range, rowCount }: { readonly range: Range; readonly rowCount: number },
  key: readonly DatasetColumn[],
  target: number,
): Partition[] => {
  if (rowCount <= LARGEST_SHARE * target) return [{ rows: { range }, rowCount }];
  const sliceCount = Math.ceil(rowCount / target);
  return slices(key, sliceCount).map((slice) => ({ rows: { range, slice }, rowCount: rowCount / sliceCount }));
};

/** Equal slices of all hashes of the key. */
const slices = (key: readonly DatasetColumn[], sliceCount: number): Slice[] => {
  const columns = key.map(({ name }) => name);
  const from = (index: number): string => hashDigits(Math.floor((HASH_COUNT * index) / sliceCount));
  return Array.from({ length: sliceCount }, (_, index) => ({
    columns,
    from: from(index),
    below: index + 1 < sliceCount ? from(index + 1) : undefined,
  }));
};

/** Characters of a value as CSV, with its comma; those of texts are measured. */
const CSV_WIDTHS: Readonly<Record<string, number>> = {
  integer: 8,
  decimal: 10,
  real: 9,
  double: 17,
  boolean: 6,
  date: 11,
  time: 9,
  timestamp: 24,
};

const estimatedRowBytes = (columns: readonly DatasetColumn[], meanLength: number): number =>
  columns.reduce((sum, column) => sum + (CSV_WIDTHS[typeKind(column) ?? ''] ?? 1), meanLength);

const balance = (partitions: readonly Partition[]): string => {
  if (partitions.length < 2) return '';
  const largest = Math.max(...partitions.map(({ rowCount }) => rowCount));
  const mean = partitions.reduce((sum, { rowCount }) => sum + rowCount, 0) / partitions.length;
  return `; ${partitions.length} partitions, the largest with ${(largest / mean).toFixed(1)} times the mean of ${count(Math.round(mean))} rows`;
};

const count = (rows: number): string => rows.toLocaleString('en-US');

const megabytes = (bytes: number): string => `${count(Math.ceil(bytes / (1024 * 1024)))} MB`;
