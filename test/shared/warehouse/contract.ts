import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { LEASES } from '#shared/warehouse/lease-sql.ts';
import { valueToText } from '#shared/warehouse/value-text.ts';
import type { Range, Row, Table, Transaction, Warehouse } from '#shared/warehouse/warehouse.ts';
import { collect } from '#test/collect.ts';

/** A warehouse for the contract, with the space schema SPACE. */
export interface OpenWarehouse {
  readonly warehouse: Warehouse;
  /** Makes a view in the space schema that the warehouse's user may read. */
  givenView(name: string, columns: readonly DatasetColumn[], rows: readonly Row[]): Promise<void>;
  close(): Promise<void>;
}

const INFO = { runId: 'contract' };

/** One value or two of every type: the widest, the smallest, the empty, the ones that get lost easily. */
const EVERY_TYPE: readonly (readonly [type: string, ...values: Row])[] = [
  ['TINYINT', 0, 255],
  ['SMALLINT', -32768, 32767],
  ['INTEGER', -2147483648, 2147483647],
  ['BIGINT', '-9223372036854775808', 9007199254740991],
  ['DECIMAL(10,2)', '-12345678.90', '0.01'],
  ['DECIMAL(38,10)', '1234567890123456789012345678.0123456789', '-0.0000000001'],
  ['DECIMAL', '123456789012345678901234.5', '-0.0000000001'],
  ['SMALLDECIMAL', '1.4', '-200.55'],
  ['REAL', 0.5, -16777216],
  ['DOUBLE', 0.1, -1.7976931348623157e308],
  ['BOOLEAN', true, false],
  ['VARCHAR(10)', 'ascii', ''],
  ['NVARCHAR(40)', 'commas, "quotes"\nand lines', 'blanks  '],
  ['NVARCHAR(20)', 'Grüße 😀', "O'Neill"],
  ['VARBINARY(4)', Buffer.from([0, 1, 254, 255]), Buffer.from([7])],
  ['DATE', '2024-02-29', '9999-12-31'],
  ['TIME', '00:00:00', '23:59:59'],
  ['SECONDDATE', '2024-02-29 12:34:56', '1970-01-01 00:00:00'],
  ['TIMESTAMP', '2024-02-29 12:34:56.123456', '1999-12-31 23:59:59'],
  ['NCLOB', 'a long text 😀 '.repeat(500), ''],
];

/** What every warehouse does for the pipeline, asked through the port. */
export const warehouseContract = (name: string, open: () => Promise<OpenWarehouse>): void => {
  describe(`warehouse: ${name}`, () => {
    let opened: OpenWarehouse;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());

    const view = (viewName: string) => ({ schema: 'SPACE', name: viewName });

    const idsIn = (viewName: string, range?: Range) =>
      opened.warehouse.read(INFO, async (session) => {
        const batches = await collect(session.rows({ view: view(viewName), columns: ['ID'], rows: { range } }));
        return batches.flat().map(([id]) => (id === null ? null : String(id)));
      });

    it('knows the columns of a view in their order, with their types', async () => {
      const columns = EVERY_TYPE.map(([type], index) => columnOfType(`C${index}`, type));
      await opened.givenView('TYPES', columns, []);

      const found = await opened.warehouse.read(INFO, (session) => session.columnsOf(view('TYPES')));

      expect(found.map(({ name, type }) => `${name} ${type}`)).toEqual(
        columns.map(({ name, type }) => `${name} ${type}`),
      );
      expect(found.filter(({ type }) => /CHAR|DECIMAL|VARBINARY/.test(type))).toEqual(
        columns.filter(({ type }) => /CHAR|DECIMAL|VARBINARY/.test(type)),
      );
    });

    it('offers the nearest name for a view that is not there', async () => {
      await opened.givenView('CUSTOMERS', [columnOfType('ID', 'INTEGER')], []);

      const asking = opened.warehouse.read(INFO, (session) => session.columnsOf(view('CUSTOMER')));

      await expect(asking).rejects.toMatchObject({ name: 'UnknownWarehouseObjectError', message: /"?CUSTOMERS"?/ });
    });

    it('measures how the values of columns are spread, in their order, and the rows without one', async () => {
      const rows = [
        ['9007199254740993', 'b'],
        [-5, 'B'],
        [null, null],
        ['9007199254740992', 'é'],
      ];
      await opened.givenView('MEASURED', [columnOfType('ID', 'BIGINT'), columnOfType('NOTE', 'NVARCHAR(9)')], rows);

      const measure = await opened.warehouse.read(INFO, (session) =>
        session.measure(view('MEASURED'), { spreadOf: ['ID', 'NOTE'], lengthsOf: ['NOTE'] }),
      );

      expect(measure).toMatchObject({ rowCount: 4, meanLength: 0.75 });
      const values = measure.spreads.map((tiles) => tiles.flatMap(({ min }) => (min === undefined ? [] : [min])));
      expect(values).toEqual([
        ['-5', '9007199254740992', '9007199254740993'],
        ['B', 'b', 'é'],
      ]);
      expect(measure.spreads.map((tiles) => tiles.reduce((sum, { nullCount }) => sum + nullCount, 0))).toEqual([1, 1]);
    });

    it('measures only what is beyond a watermark, and where it ends', async () => {
      const rows = [['2024-01-01'], ['2024-02-01'], [null], ['2024-03-01']];
      await opened.givenView('WATERMARKED', [columnOfType('DAY', 'DATE')], rows);

      const [all, beyond, none] = await opened.warehouse.read(INFO, async (session) => [
        await session.measure(view('WATERMARKED'), { watermark: { column: 'DAY' } }),
        await session.measure(view('WATERMARKED'), { watermark: { column: 'DAY', after: '2024-01-01' } }),
        await session.measure(view('WATERMARKED'), { watermark: { column: 'DAY', after: '2024-03-01' } }),
      ]);

      expect(all).toMatchObject({ rowCount: 3, watermark: { upTo: '2024-03-01', missingCount: 1 } });
      expect(beyond).toMatchObject({ rowCount: 2, watermark: { upTo: '2024-03-01' } });
      expect(none).toMatchObject({ rowCount: 0 });
      expect(none!.watermark).not.toHaveProperty('upTo');
    });

    it('counts the values of a key that several rows have', async () => {
      const columns = [columnOfType('A', 'INTEGER'), columnOfType('B', 'NVARCHAR(5)')];
      const rows = [
        [1, 'x'],
        [1, 'y'],
        [2, 'x'],
        [2, 'x'],
        [3, null],
        [3, null],
      ];
      await opened.givenView('REPEATED', columns, rows);

      const counts = await opened.warehouse.read(INFO, async (session) => [
        await session.repeatedKeys(view('REPEATED'), ['A']),
        await session.repeatedKeys(view('REPEATED'), ['A', 'B']),
      ]);

      expect(counts).toEqual([3, 2]);
    });

    it('measures an empty view', async () => {
      await opened.givenView('EMPTY', [columnOfType('ID', 'BIGINT')], []);

      const measure = await opened.warehouse.read(INFO, (session) =>
        session.measure(view('EMPTY'), { spreadOf: ['ID'] }),
      );

      expect(measure).toMatchObject({ rowCount: 0, spreads: [[]] });
    });

    it('gives each row a checksum whose sum is the fingerprint of the rows', async () => {
      const columns = EVERY_TYPE.map(([type], index) => columnOfType(`C${index}`, type));
      const rows = [
        EVERY_TYPE.map(([, first]) => first!),
        EVERY_TYPE.map(([, , second]) => second!),
        EVERY_TYPE.map(() => null),
      ];
      await opened.givenView('CHECKED', columns, rows);
      const slices = [
        { slice: { columns: ['C0', 'C3'], from: '0000000', below: '8000000' } },
        { slice: { columns: ['C0', 'C3'], from: '8000000' } },
      ];

      const { sum, whole, halves, count } = await opened.warehouse.read(INFO, async (session) => {
        const query = { view: view('CHECKED'), columns: ['C0'], checksumOf: columns };
        const found = (await collect(session.rows(query))).flat();
        return {
          sum: found.reduce((total, row) => total + Number.parseInt(String(row.at(-1)), 16), 0),
          whole: await session.fingerprints(view('CHECKED'), columns, [{}]),
          halves: await session.fingerprints(view('CHECKED'), columns, slices),
          count: await session.fingerprints(view('CHECKED'), [], [{}]),
        };
      });

      expect(whole).toEqual([{ rowCount: 3, checksum: String(sum) }]);
      expect(halves.reduce((total, { rowCount }) => total + rowCount, 0)).toBe(3);
      expect(halves.reduce((total, { checksum }) => total + Number(checksum), 0)).toBe(sum);
      expect(count).toEqual([{ rowCount: 3, checksum: '0' }]);
    });

    it('tells rows apart by any of their values, and NULL from the empty text', async () => {
      const columns = [
        columnOfType('A', 'NVARCHAR(2000)'),
        columnOfType('B', 'NCLOB'),
        columnOfType('C', 'VARBINARY(2)'),
      ];
      const long = 'x'.repeat(1_500);
      const rows = [
        [null, null, null],
        ['', null, null],
        [long, null, null],
        [`${long}y`, null, null],
        [null, '', null],
        [null, null, Buffer.from([1])],
        [null, null, Buffer.from([2])],
      ];
      await opened.givenView('APART', columns, rows);

      const checksums = await opened.warehouse.read(INFO, async (session) =>
        (await collect(session.rows({ view: view('APART'), columns: ['A'], checksumOf: columns })))
          .flat()
          .map((row) => row[1]),
      );

      expect(new Set(checksums).size).toBe(rows.length);
    });

    it('streams values of every type as they are', async () => {
      const columns = EVERY_TYPE.map(([type], index) => columnOfType(`C${index}`, type));
      const rows = [
        EVERY_TYPE.map(([, first]) => first!),
        EVERY_TYPE.map(([, , second]) => second!),
        EVERY_TYPE.map(() => null),
      ];
      await opened.givenView('VALUES', columns, rows);

      const found = await opened.warehouse.read(INFO, async (session) => {
        const query = { view: view('VALUES'), columns: columns.map(({ name }) => name) };
        return (await collect(session.rows(query))).flat();
      });

      expect(textsOf(columns, found).sort()).toEqual(textsOf(columns, rows).sort());
    });

    it('streams the columns that are asked for, in that order', async () => {
      const columns = [columnOfType('A', 'INTEGER'), columnOfType('B', 'INTEGER'), columnOfType('C', 'INTEGER')];
      await opened.givenView('ORDERED', columns, [[1, 2, 3]]);

      const found = await opened.warehouse.read(INFO, async (session) =>
        (await collect(session.rows({ view: view('ORDERED'), columns: ['C', 'A'] }))).flat(),
      );

      expect(found).toEqual([[3, 1]]);
    });

    it('streams ranges that make up the whole: from inclusive, below exclusive, NULL apart', async () => {
      const rows = [['-3'], ['0'], ['9007199254740993'], [null], ['9007199254740992']];
      await opened.givenView('RANGES', [columnOfType('ID', 'BIGINT')], rows);

      expect((await idsIn('RANGES', { column: 'ID', below: '0' })).sort()).toEqual(['-3']);
      expect((await idsIn('RANGES', { column: 'ID', from: '0', below: '9007199254740993' })).sort()).toEqual([
        '0',
        '9007199254740992',
      ]);
      expect(await idsIn('RANGES', { column: 'ID', from: '9007199254740993' })).toEqual(['9007199254740993']);
      expect(await idsIn('RANGES', { column: 'ID', isNull: true })).toEqual([null]);
      expect(await idsIn('RANGES', { column: 'ID', below: '0', orNull: true })).toHaveLength(2);
      expect(await idsIn('RANGES', { column: 'ID' })).toHaveLength(4);
      expect(await idsIn('RANGES', { column: 'ID', orNull: true })).toHaveLength(5);
    });

    it('streams ranges of a column with decimals', async () => {
      await opened.givenView('DECIMALS', [columnOfType('ID', 'DECIMAL(12,2)')], [['0.10'], ['0.11'], ['-5.00']]);

      expect(await idsIn('DECIMALS', { column: 'ID', from: '0.11' })).toEqual(['0.11']);
      expect((await idsIn('DECIMALS', { column: 'ID', below: '0.11' })).sort()).toEqual(['-5.00', '0.10']);
    });

    it('lets a reader stop early and use the session on', async () => {
      const rows = Array.from({ length: 50 }, (_, id) => [id]);
      await opened.givenView('MANY', [columnOfType('ID', 'INTEGER')], rows);

      const measure = await opened.warehouse.read(INFO, async (session) => {
        for await (const batch of session.rows({ view: view('MANY'), columns: ['ID'] })) if (batch.length > 0) break;
        return session.measure(view('MANY'));
      });

      expect(measure.rowCount).toBe(50);
    });

    describe('tables', () => {
      let tableCount = 0;

      const givenTable = async (table: Omit<Table, 'name'>): Promise<string> => {
        const name = `CONTRACT ${tableCount++}`;
        await opened.warehouse.write(INFO, (session) => session.createTable({ ...table, name }));
        return name;
      };

      const ID = columnOfType('ID', 'INTEGER', false);
      const NOTE = columnOfType('note "x"', 'NVARCHAR(20)');
      const notes = { columns: [ID, NOTE], primaryKey: ['ID'] };
      const names = ['ID', 'note "x"'];

      const rowsOf = (name: string) =>
        opened.warehouse.write(INFO, (session) =>
          session.transaction((transaction) => transaction.find(name, names, {})),
        );

      it('are created as they are described, and not again', async () => {
        const name = await givenTable(notes);

        const table = await opened.warehouse.write(INFO, async (session) => {
          await session.createTable({ name, columns: [ID], primaryKey: [] });
          return session.tableOf(name);
        });

        expect(table).toEqual({ name, ...notes });
      });

      it('are dropped, and not missed when they are not there', async () => {
        const name = await givenTable(notes);

        const table = await opened.warehouse.write(INFO, async (session) => {
          await session.dropTable(name);
          await session.dropTable(name);
          return session.tableOf(name);
        });

        expect(table).toBeUndefined();
      });

      it('keep what a transaction did when it ends well', async () => {
        const name = await givenTable(notes);

        await opened.warehouse.write(INFO, (session) =>
          session.transaction((transaction) =>
            transaction.insert(name, names, [
              [1, 'one'],
              [2, null],
            ]),
          ),
        );

        expect((await rowsOf(name)).toSorted()).toEqual([
          [1, 'one'],
          [2, null],
        ]);
      });

      it('keep nothing of a transaction that throws', async () => {
        const name = await givenTable(notes);

        const writing = opened.warehouse.write(INFO, (session) =>
          session.transaction(async (transaction) => {
            await transaction.insert(name, names, [[1, 'one']]);
            throw new RangeError('stop');
          }),
        );

        await expect(writing).rejects.toBeInstanceOf(RangeError);
        expect(await rowsOf(name)).toEqual([]);
      });

      it('refuse a second row with the same key, and the transaction goes on', async () => {
        const name = await givenTable(notes);

        await opened.warehouse.write(INFO, (session) =>
          session.transaction(async (transaction) => {
            await transaction.insert(name, names, [[1, 'one']]);
            await expect(transaction.insert(name, names, [[1, 'again']])).rejects.toMatchObject({
              name: 'DuplicateKeyError',
            });
            await transaction.insert(name, names, [[2, 'two']]);
          }),
        );

        expect((await rowsOf(name)).toSorted()).toEqual([
          [1, 'one'],
          [2, 'two'],
        ]);
      });

      it('count, find and delete rows by equal values', async () => {
        const name = await givenTable({ ...notes, primaryKey: [] });

        const answers = await opened.warehouse.write(INFO, (session) =>
          session.transaction(async (transaction) => {
            await transaction.insert(name, names, [
              [1, 'a'],
              [1, 'b'],
              [2, 'c'],
            ]);
            const found = await transaction.find(name, ['note "x"'], { ID: 2 });
            const distinct = await transaction.countDistinct(name, ['ID']);
            await transaction.delete(name, { ID: 1 });
            const left = await transaction.count(name);
            await transaction.delete(name);
            return { found, distinct, left, none: await transaction.count(name) };
          }),
        );

        expect(answers).toEqual({ found: [['c']], distinct: 2, left: 1, none: 0 });
      });

      it('take the rows of another table with constants', async () => {
        const from = await givenTable(notes);
        const at = columnOfType('AT', 'TIMESTAMP');
        const by = columnOfType('BY', 'NVARCHAR(10)');
        const to = await givenTable({ columns: [ID, by, at], primaryKey: [] });

        const answers = await opened.warehouse.write(INFO, (session) =>
          session.transaction(async (transaction) => {
            await transaction.insert(from, names, [
              [1, 'one'],
              [2, 'two'],
            ]);
            const constants = [
              { column: by, value: "O'Neill" },
              { column: at, value: '2026-01-02 03:04:05.678' },
            ];
            const copied = await transaction.copy({ from, to, columns: ['ID'], constants, mode: 'insert' });
            return { copied, rows: await transaction.find(to, ['ID', 'BY', 'AT'], { ID: 2 }) };
          }),
        );

        expect(answers.copied).toBe(2);
        expect(textsOf([ID, by, at], answers.rows)).toEqual(["2|O'Neill|2026-01-02 03:04:05.678"]);
      });

      it('replace rows of the same key by an upsert, and keep the others', async () => {
        const from = await givenTable(notes);
        const to = await givenTable(notes);

        await opened.warehouse.write(INFO, (session) =>
          session.transaction(async (transaction) => {
            await transaction.insert(to, names, [
              [1, 'old'],
              [2, 'old'],
            ]);
            await transaction.insert(from, names, [
              [2, 'new'],
              [3, 'new'],
            ]);
            await transaction.copy({ from, to, columns: names, constants: [], mode: 'upsert' });
          }),
        );

        expect((await rowsOf(to)).toSorted()).toEqual([
          [1, 'old'],
          [2, 'new'],
          [3, 'new'],
        ]);
      });

      it('are locked, emptied and filled again in one transaction', async () => {
        const from = await givenTable(notes);
        const to = await givenTable(notes);

        await opened.warehouse.write(INFO, (session) =>
          session.transaction(async (transaction) => {
            await transaction.insert(to, names, [[1, 'old']]);
            await transaction.insert(from, names, [[1, 'new']]);
            await transaction.lock(to);
            await transaction.delete(to);
            await transaction.copy({ from, to, columns: names, constants: [], mode: 'insert' });
          }),
        );

        expect(await rowsOf(to)).toEqual([[1, 'new']]);
      });

      it('are added up by the values of a column, exactly', async () => {
        const columns = [columnOfType('PART', 'INTEGER', false), columnOfType('SUM', 'BIGINT', false)];
        const name = await givenTable({ columns, primaryKey: [] });
        const rows: Row[] = [
          [0, 9007199254740991],
          [0, 2],
          [1, 4294967295],
        ];

        const sums = await opened.warehouse.write(INFO, (session) =>
          session.transaction(async (transaction) => {
            await transaction.insert(name, ['PART', 'SUM'], rows);
            return transaction.sumsBy(name, 'PART', 'SUM');
          }),
        );

        expect(sums.toSorted((a, b) => a.group - b.group)).toEqual([
          { group: 0, rowCount: 2, sum: 9007199254740993n },
          { group: 1, rowCount: 1, sum: 4294967295n },
        ]);
      });

      describe('under a lease', () => {
        const claimOf = (target: string, owner: string, ttlSeconds = 60) => ({
          target,
          owner,
          runId: `run of ${owner}`,
          ttlSeconds,
        });

        const within = <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> =>
          opened.warehouse.write(INFO, async (session) => {
            await session.createTable(LEASES);
            return session.transaction(work);
          });

        const take = (target: string, owner: string, ttlSeconds?: number) =>
          within((transaction) => transaction.takeLease(claimOf(target, owner, ttlSeconds)));

        it('have one owner at a time, who may take it again as it is', async () => {
          const first = await take('LEASED', 'a');
          const again = await take('LEASED', 'a');
          const other = await take('LEASED', 'b');

          expect([first, again]).toEqual([{ fence: 1 }, { fence: 1 }]);
          expect(other).toEqual({
            lease: { target: 'LEASED', owner: 'a', fence: 1 },
            heldByRunId: 'run of a',
            secondsLeft: expect.any(Number),
          });
        });

        it('have a higher fence with each taking over, and nothing to do with the owner before', async () => {
          const first = { target: 'TAKEN', owner: 'a', fence: 1 };
          await take('TAKEN', 'a', -1);

          const second = await take('TAKEN', 'b');
          const held = await within((transaction) => transaction.holdLease(first, 60));

          expect(second).toEqual({ fence: 2 });
          expect(held).toBe(false);
        });

        it('stay with an owner who is late, as long as nobody takes them', async () => {
          await take('LATE', 'a', -1);

          const held = await within((transaction) =>
            transaction.holdLease({ target: 'LATE', owner: 'a', fence: 1 }, 60),
          );

          expect(held).toBe(true);
          expect(await take('LATE', 'b')).toMatchObject({ heldByRunId: 'run of a' });
        });

        it('can be had by others when they are given up, and for good by nobody without taking them', async () => {
          const lease = { target: 'FREE', owner: 'a', fence: 1 };
          await take('FREE', 'a');

          await within((transaction) => transaction.freeLease(lease, false));
          const heldOn = await within((transaction) => transaction.holdLease(lease, 60));
          await within((transaction) => transaction.freeLease(lease, true));
          const heldAfter = await within((transaction) => transaction.holdLease(lease, 60));

          expect([heldOn, heldAfter]).toEqual([true, false]);
          expect(await take('FREE', 'b')).toEqual({ fence: 2 });
        });

        it('take rows of their owner only', async () => {
          const name = await givenTable(notes);
          const table = { name, ...notes };
          await take(name, 'a');

          const inserted = await within(async (transaction) => [
            await transaction.insertFenced(table, [1, 'mine'], { target: name, owner: 'a', fence: 1 }),
            await transaction.insertFenced(table, [2, 'late'], { target: name, owner: 'a', fence: 0 }),
            await transaction.insertFenced(table, [3, 'theirs'], { target: name, owner: 'b', fence: 1 }),
          ]);

          expect(inserted).toEqual([true, false, false]);
          expect(await rowsOf(name)).toEqual([[1, 'mine']]);
        });

        it('are listed by their owners, those that have expired aside', async () => {
          await take('LISTED', 'listed');
          await take('EXPIRED', 'expired', -1);

          const owners = await within((transaction) => transaction.leaseOwners());

          expect(owners).toContain('listed');
          expect(owners).not.toContain('expired');
        });
      });

      it('give back values of every type as they were inserted', async () => {
        const key = columnOfType('KEY', 'INTEGER', false);
        const columns = [key, ...EVERY_TYPE.map(([type], index) => columnOfType(`C${index}`, type))];
        const rows = [
          [1, ...EVERY_TYPE.map(([, first]) => first!)],
          [2, ...EVERY_TYPE.map(([, , second]) => second!)],
          [3, ...EVERY_TYPE.map(() => null)],
        ];
        const name = await givenTable({ columns, primaryKey: ['KEY'] });
        const columnNames = columns.map((column) => column.name);

        const found = await opened.warehouse.write(INFO, (session) =>
          session.transaction(async (transaction) => {
            await transaction.insert(name, columnNames, rows);
            return transaction.find(name, columnNames, {});
          }),
        );

        expect(textsOf(columns, found).sort()).toEqual(textsOf(columns, rows));
      });
    });
  });
};

/** Rows by the text forms of their values, in which NULL and the empty text differ. */
const textsOf = (columns: readonly DatasetColumn[], rows: readonly Row[]): string[] => {
  const toText = columns.map(valueToText);
  return rows.map((row) => row.map((value, index) => (value === null ? 'NULL' : toText[index]!(value))).join('|'));
};
