import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { WarehouseCredentials } from '#shared/warehouse/credentials.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import type { Row, Warehouse } from '#shared/warehouse/warehouse.ts';
import { collect } from '#test/collect.ts';
import { warehouseContract } from './contract.ts';
import { type OpenHana, openHana } from './open-hana.ts';

warehouseContract("the laptop's HANA", openHana);

const INFO = { runId: 'run-1' };

/** The adapter with credentials that give `first`, and after a refresh `fresh`. */
const rotating = (first: WarehouseCredentials, fresh: WarehouseCredentials) => {
  let refreshCount = 0;
  const warehouse = hanaWarehouse({
    get: async () => first,
    refresh: async () => {
      refreshCount += 1;
      return fresh;
    },
  });
  return { warehouse, refreshCount: () => refreshCount };
};

const connectWith = (warehouse: Warehouse) => warehouse.read(INFO, async (session) => session.schema);

describe('hanaWarehouse', () => {
  let hana: OpenHana;
  beforeAll(async () => {
    hana = await openHana();
  });
  afterAll(() => hana.close());

  it('streams more rows than one fetch brings, in few round trips', async () => {
    const rows = Array.from({ length: 150_000 }, (_, id): Row => [id, `note ${id}`]);
    await hana.givenView('LARGE', [columnOfType('ID', 'INTEGER'), columnOfType('NOTE', 'NVARCHAR(5000)')], rows);
    const before = (await hana.counters()).roundTrips;

    const ids = await hana.warehouse.read(INFO, async (session) => {
      const query = { view: { schema: 'SPACE', name: 'LARGE' }, columns: ['ID', 'NOTE'] };
      return (await collect(session.rows(query))).flat().map(([id]) => Number(id));
    });

    expect(ids.sort((a, b) => a - b)).toEqual(rows.map(([id]) => id));
    expect((await hana.counters()).roundTrips - before).toBeLessThan(20);
  });

  it('refuses DDL in a session that forbids it, and writes rows', async () => {
    const table = { name: 'GUARDED', columns: [columnOfType('ID', 'INTEGER', false)], primaryKey: [] };
    await hana.warehouse.write(INFO, (session) => session.createTable(table));

    const dropping = hana.warehouse.write(INFO, async (session) => {
      await session.forbidDdl();
      await session.transaction((transaction) => transaction.insert('GUARDED', ['ID'], [[1]]));
      await session.dropTable('GUARDED');
    });

    await expect(dropping).rejects.toMatchObject({ name: 'WarehouseStatementError', message: /HANA 128/ });
    const { rows } = await hana.warehouse.query('SELECT "ID" FROM "SPACE#USER"."GUARDED"');
    expect(rows).toEqual([[1]]);
  });

  it('finds tables by the beginning of their names and their age', async () => {
    const found = await hana.warehouse.write(INFO, async (session) => {
      for (const name of ['OLD_1', 'OLD_2', 'OTHER', 'old_3']) {
        await session.createTable({ name, columns: [columnOfType('ID', 'INTEGER')], primaryKey: [] });
      }
      return [await session.tablesOlderThan('OLD_', -60), await session.tablesOlderThan('OLD_', 60)];
    });

    expect(found).toEqual([['OLD_1', 'OLD_2'], []]);
  });

  it('keeps the event loop turning while rows stream', async () => {
    await hana.administer('CREATE VIEW "SPACE"."GENERATED" AS SELECT "ID" FROM "SPACE"."T_LARGE"');
    await hana.administer('GRANT SELECT ON "SPACE"."GENERATED" TO "SPACE#USER"');
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);

    await hana.warehouse.read(INFO, async (session) => {
      const query = { view: { schema: 'SPACE', name: 'GENERATED' }, columns: ['ID'] };
      for await (const _ of session.rows(query)) await Promise.resolve();
    });
    clearInterval(timer);

    expect(turns).toBeGreaterThan(3);
  });

  it('answers a query with its headers and rows', async () => {
    const result = await hana.warehouse.query(`SELECT 1 AS "one", 'zwei' AS TWO FROM DUMMY`);

    expect(result).toEqual({ headers: ['one', 'TWO'], rows: [[1, 'zwei']] });
  });

  it('has the server refuse writes in a session that reads', async () => {
    await hana.warehouse.write(INFO, (session) =>
      session.createTable({ name: 'KEPT', columns: [columnOfType('ID', 'INTEGER')], primaryKey: [] }),
    );

    for (const statement of ['DROP TABLE "SPACE#USER"."KEPT"', 'INSERT INTO "SPACE#USER"."KEPT" VALUES (1)']) {
      await expect(hana.warehouse.query(statement)).rejects.toMatchObject({ name: 'WarehouseStatementError' });
    }
    expect((await hana.warehouse.query('SELECT COUNT(*) FROM "SPACE#USER"."KEPT"')).rows).toEqual([[0]]);
  });

  it('names the grant for a table that the user may not read', async () => {
    await hana.administer('CREATE COLUMN TABLE "SPACE"."SECRETS" ("ID" INTEGER)');

    const reading = hana.warehouse.query('SELECT * FROM "SPACE"."SECRETS"');

    await expect(reading).rejects.toMatchObject({
      name: 'WarehousePrivilegeError',
      message: /HANA 258 .*"Expose for Consumption"/,
    });
  });

  it('tells an unknown column and a wrong statement by their codes', async () => {
    await expect(hana.warehouse.query('SELECT NOPE FROM DUMMY')).rejects.toMatchObject({
      name: 'UnknownWarehouseObjectError',
      message: /HANA 260/,
    });
    await expect(hana.warehouse.query('SELEC 1')).rejects.toMatchObject({
      name: 'WarehouseStatementError',
      message: /HANA 257/,
    });
  });

  it('refuses a text that is too long for its column, and nothing of the batch remains', async () => {
    const table = { name: 'SHORT', columns: [columnOfType('A', 'NVARCHAR(3)')], primaryKey: [] };

    const counts = await hana.warehouse.write(INFO, async (session) => {
      await session.createTable(table);
      return session.transaction(async (transaction) => {
        await expect(transaction.insert('SHORT', ['A'], [['abc'], ['abcd']])).rejects.toMatchObject({
          name: 'UnwritableValueError',
          message: /HANA 274/,
        });
        return transaction.count('SHORT');
      });
    });

    expect(counts).toBe(0);
  });

  it('refuses a wrong password without trying it again', async () => {
    const wrong = { ...hana.credentials, password: 'Wrong12345' };
    const { warehouse, refreshCount } = rotating(wrong, wrong);
    const before = (await hana.counters()).connections;

    await expect(connectWith(warehouse)).rejects.toMatchObject({
      name: 'WarehouseLoginError',
      message: expect.stringMatching(/HANA 10 .*warehouse secret/),
    });
    await expect(connectWith(warehouse)).rejects.toMatchObject({ message: expect.not.stringContaining('Wrong12345') });
    expect(refreshCount()).toBe(2);
    expect((await hana.counters()).connections - before).toBe(2);
  });

  it('reads the secret anew once when the password was rotated', async () => {
    const { warehouse, refreshCount } = rotating({ ...hana.credentials, password: 'Old1234567' }, hana.credentials);

    expect(await connectWith(warehouse)).toBe('SPACE');
    expect(refreshCount()).toBe(1);
  });

  it('refuses a certificate that nobody vouches for, and names the setting', async () => {
    const { sslTrustStore: _, ...credentials } = hana.credentials;
    const { warehouse } = rotating(credentials, credentials);

    await expect(connectWith(warehouse)).rejects.toMatchObject({
      name: 'WarehouseLoginError',
      message: expect.stringMatching(/certificate.*sslTrustStore/s),
    });
  });

  it('says that nothing answers at an address', async () => {
    const credentials = { ...hana.credentials, port: 1 };
    const { warehouse } = rotating(credentials, credentials);

    await expect(connectWith(warehouse)).rejects.toMatchObject({ name: 'WarehouseUnavailableError' });
  });
});

describe('hanaWarehouse whose connection is lost', () => {
  it('fails the stream with an error that is retried', async () => {
    const hana = await openHana();
    const rows = Array.from({ length: 150_000 }, (_, id): Row => [id]);
    await hana.givenView('LOST', [columnOfType('ID', 'INTEGER')], rows);

    const reading = hana.warehouse.read(INFO, async (session) => {
      const query = { view: { schema: 'SPACE', name: 'LOST' }, columns: ['ID'] };
      for await (const _ of session.rows(query)) hana.kill();
    });

    await expect(reading).rejects.toMatchObject({ name: 'WarehouseUnavailableError' });
    await hana.close();
  });
});
