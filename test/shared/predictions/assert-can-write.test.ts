import { describe, expect, it } from 'vitest';
import { assertCanWrite } from '#shared/predictions/assert-can-write.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { definitionOf } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryWarehouse, inMemoryWarehouse } from '#test/shared/warehouse/in-memory.ts';

const warehouseOf = (...ids: number[]): InMemoryWarehouse =>
  inMemoryWarehouse({
    V_SCORE: {
      columns: [columnOfType('ID', 'INTEGER'), columnOfType('A', 'DOUBLE')],
      rows: ids.map((id) => [id, 0.5]),
    },
  });

const check = (warehouse: InMemoryWarehouse, mode: string, source: object = {}) =>
  assertCanWrite(
    warehouse,
    'run-1',
    definitionOf({
      prediction: {
        source: { view: 'V_SCORE', key: ['ID'], ...source },
        columns: [{ name: 'P', type: 'DOUBLE' }],
        target: { table: 'T', mode },
      },
    }).prediction!,
  );

describe('assertCanWrite', () => {
  it('is content without a table, which is made when there is something to write, and makes none', async () => {
    const warehouse = warehouseOf(1, 2);

    await check(warehouse, 'upsert');

    expect(warehouse.tables.size).toBe(0);
  });

  it('refuses a table that can’t take the predictions', async () => {
    const warehouse = warehouseOf(1, 2);
    warehouse.tables.set('T', { name: 'T', columns: [columnOfType('ID', 'INTEGER')], primaryKey: [], rows: [] });

    await expect(check(warehouse, 'append')).rejects.toMatchObject({
      name: 'TargetTableError',
      message: expect.stringContaining('P DOUBLE is missing'),
    });
  });

  it('refuses a key that several rows have where it decides which rows are replaced, and there only', async () => {
    const warehouse = warehouseOf(1, 2, 2, 3, 3, 3);

    await expect(check(warehouse, 'upsert')).rejects.toMatchObject({
      name: 'DatasetMismatchError',
      message: expect.stringContaining('has 2 values of the key (ID) in more than one row'),
    });
    await expect(check(warehouse, 'append')).resolves.toBeUndefined();
    await expect(check(warehouse, 'upsert', { watermark: 'ID' })).resolves.toBeUndefined();
  });

  it.each([
    [{ view: 'V_SCORES' }, 'V_SCORE'],
    [{ key: ['IDD'] }, 'Did you mean "ID"?'],
    [{ columns: ['B'] }, '"B"'],
  ])('refuses a source that isn’t there: %j', async (source, message) => {
    await expect(check(warehouseOf(1), 'append', source)).rejects.toMatchObject({
      name: 'UnknownWarehouseObjectError',
      message: expect.stringContaining(message),
    });
  });
});
