import {
  BIGINT,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  TIMESTAMP,
  TIMESTAMP_S,
  VARCHAR,
} from '@duckdb/node-api';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { HanaType, HanaValue } from '#local/hana/engine.ts';
import { ByteReader } from '#local/hana/protocol/byte-reader.ts';
import { TYPE_CODE } from '#local/hana/protocol/codes.ts';
import { LobStore } from '#local/hana/protocol/lob-store.ts';
import { VALUE_READERS } from '#local/hana/protocol/parameter-values.ts';
import { RowEncoder } from '#local/hana/protocol/row-encoder.ts';
import { RowTarget } from '#local/hana/protocol/row-target.ts';
import { wireTypeOf } from '#local/hana/protocol/wire-types.ts';

interface Column {
  readonly hana: HanaType;
  readonly duckdb: DuckDBType;
  readonly values: fc.Arbitrary<readonly [DuckDBValue, HanaValue]>;
}

const type = (name: HanaType['name'], length = 0, scale = 0): HanaType => ({ name, length, scale });

const same = <T extends DuckDBValue & HanaValue>(values: fc.Arbitrary<T>) =>
  values.map((value) => [value, value] as const);

const decimal = (precision: number, scale: number, limit = 10n ** BigInt(precision) - 1n): Column => ({
  hana: type('DECIMAL', precision, scale),
  duckdb: DECIMAL(precision, scale),
  values: fc
    .bigInt({ min: -limit, max: limit })
    .map(
      (unscaled) => [new DuckDBDecimalValue(unscaled, precision, scale), { kind: 'decimal', unscaled, scale }] as const,
    ),
});

const FIRST_DAY = -719_162;
const LAST_DAY = 2_932_896;
/** Days that are written alike in DuckDB and in HANA: all but the ten that the calendar reform left out. */
const day = fc.oneof(fc.integer({ min: FIRST_DAY, max: -141_438 }), fc.integer({ min: -141_427, max: LAST_DAY }));
const secondOfDay = fc.bigInt({ min: 0n, max: 86_399n });

const COLUMNS: readonly Column[] = [
  {
    hana: type('INTEGER'),
    duckdb: INTEGER,
    values: fc.integer().map((value) => [value, BigInt(value)] as const),
  },
  { hana: type('BIGINT'), duckdb: BIGINT, values: same(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })) },
  { hana: type('DOUBLE'), duckdb: DOUBLE, values: same(fc.double({ noNaN: true })) },
  { hana: type('BOOLEAN'), duckdb: BOOLEAN, values: same(fc.boolean()) },
  {
    hana: type('NVARCHAR', 60),
    duckdb: VARCHAR,
    values: same(fc.string({ unit: 'binary', maxLength: 300, size: 'max' })),
  },
  { hana: type('VARCHAR', 60), duckdb: VARCHAR, values: same(fc.string({ maxLength: 30 })) },
  {
    hana: type('DATE'),
    duckdb: DATE,
    values: day.map((days) => [new DuckDBDateValue(days), { kind: 'date', days }] as const),
  },
  {
    hana: type('TIMESTAMP'),
    duckdb: TIMESTAMP,
    values: fc
      .tuple(day, fc.bigInt({ min: 0n, max: 86_399_999_999n }))
      .map(([days, time]) => BigInt(days) * 86_400_000_000n + time)
      .map((micros) => [new DuckDBTimestampValue(micros), { kind: 'timestamp', micros }] as const),
  },
  {
    hana: type('SECONDDATE'),
    duckdb: TIMESTAMP_S,
    values: fc
      .tuple(day, secondOfDay)
      .map(([days, time]) => BigInt(days) * 86_400n + time)
      .map(
        (seconds) =>
          [new DuckDBTimestampSecondsValue(seconds), { kind: 'timestamp', micros: seconds * 1_000_000n }] as const,
      ),
  },
  decimal(4, 1),
  decimal(9, 2),
  decimal(15, 2),
  decimal(18, 18),
  decimal(28, 5),
  decimal(38, 10),
];

/** Column types whose values begin with 1, or are 0 for NULL. */
const FLAGGED: ReadonlySet<number> = new Set([
  TYPE_CODE.INT,
  TYPE_CODE.BIGINT,
  TYPE_CODE.FIXED8,
  TYPE_CODE.FIXED12,
  TYPE_CODE.FIXED16,
]);

const readRow = (reader: ByteReader, columns: readonly Column[], dataFormat: number): HanaValue[] =>
  columns.map(({ hana }) => {
    const { typeCode } = wireTypeOf(hana, dataFormat);
    if (FLAGGED.has(typeCode) && reader.u8() === 0) return null;
    return VALUE_READERS[typeCode]?.(reader, hana.scale) as HanaValue;
  });

const encode = (columns: readonly Column[], rows: readonly DuckDBValue[][], dataFormat: number): RowTarget => {
  const chunk = DuckDBDataChunk.create(
    columns.map(({ duckdb }) => duckdb),
    rows.length,
  );
  chunk.setRows(rows);
  const encoder = new RowEncoder(
    columns.map(({ hana }, index) => ({ name: `C${index}`, type: hana, nullable: true })),
    { dataFormat, lobs: new LobStore() },
  );
  const target = new RowTarget(16);
  encoder.load(chunk);
  while (encoder.remainingRows > 0) encoder.encode(target, { maxRows: target.rowCount + 3, maxBytes: Infinity });
  return target;
};

const rowsOf = (columns: readonly Column[]) =>
  fc.array(fc.tuple(...columns.map(({ values }) => fc.option(values, { freq: 6, nil: [null, null] as const }))), {
    minLength: 1,
    maxLength: 20,
  });

it('writes rows that read back as the same values, NULLs included', () => {
  fc.assert(
    fc.property(rowsOf(COLUMNS), (rows) => {
      const target = encode(
        COLUMNS,
        rows.map((row) => row.map(([value]) => value)),
        10,
      );

      const reader = new ByteReader(target.rows(0, rows.length));
      const read = rows.map(() => readRow(reader, COLUMNS, 10));
      expect(read).toEqual(rows.map((row) => row.map(([, value]) => value)));
      expect(reader.remaining).toBe(0);
    }),
    { numRuns: 200 },
  );
});

it('writes decimals and dates of the oldest data format that read back as the same values', () => {
  const columns = [
    decimal(4, 1),
    decimal(9, 2),
    decimal(15, 2),
    decimal(34, 10, 2n ** 113n - 1n),
    COLUMNS[6] as Column,
  ];
  fc.assert(
    fc.property(rowsOf(columns), (rows) => {
      const target = encode(
        columns,
        rows.map((row) => row.map(([value]) => value)),
        1,
      );

      const reader = new ByteReader(target.rows(0, rows.length));
      const read = rows.map(() => readRow(reader, columns, 1));
      expect(read).toEqual(rows.map((row) => row.map(([, value]) => value)));
    }),
    { numRuns: 200 },
  );
});

it('cuts rows where a reply is full, and never sends none', () => {
  const columns = [COLUMNS[4] as Column];
  const chunk = DuckDBDataChunk.create([VARCHAR], 5);
  chunk.setColumns([['a'.repeat(60), 'b'.repeat(60), 'c'.repeat(60), 'd'.repeat(200), 'e']]);
  const encoder = new RowEncoder(
    columns.map(({ hana }) => ({ name: 'S', type: hana, nullable: true })),
    { dataFormat: 10, lobs: new LobStore() },
  );
  encoder.load(chunk);

  const counts: number[] = [];
  while (encoder.remainingRows > 0) {
    const target = new RowTarget(16);
    encoder.encode(target, { maxRows: 10, maxBytes: 150 });
    counts.push(target.rowCount);
  }

  expect(counts).toEqual([2, 1, 1, 1]);
});
