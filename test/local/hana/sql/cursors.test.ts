import { describe, expect, it } from 'vitest';
import type { HanaCursor } from '#local/hana/engine.ts';
import { Client, openWarehouse } from './warehouse.ts';

/** More than a cursor keeps in memory when another statement runs: the rest goes to a temporary table. */
const ROWS = 100_000;

async function openRows(): Promise<Client> {
  const engine = await openWarehouse();
  const client = new Client(await engine.openSession('TESTER'));
  await client.run('CREATE TABLE R (ID INTEGER)');
  await client.run(`INSERT INTO R SELECT ELEMENT_NUMBER FROM SERIES_GENERATE_INTEGER(1, 0, ${ROWS})`);
  return client;
}

async function openCursor(client: Client, sql: string, autocommit: boolean): Promise<HanaCursor> {
  const result = await (await client.session.prepare(sql)).execute([[]], { autocommit });
  if (result.kind !== 'cursor') throw new Error('not a query');
  return result.cursor;
}

async function count(cursor: HanaCursor): Promise<number> {
  let rows = 0;
  for (let chunk = await cursor.nextChunk(); chunk; chunk = await cursor.nextChunk()) rows += chunk.rowCount;
  return rows;
}

describe('a cursor', () => {
  it.each([true, false])(
    'yields every row though other statements run on its session (autocommit %s)',
    async (autocommit) => {
      const client = await openRows();
      if (!autocommit) await client.within('INSERT INTO R VALUES (0)');
      const cursor = await openCursor(client, 'SELECT ID FROM R', autocommit);
      const other = await openCursor(client, 'SELECT ID FROM R', autocommit);
      await cursor.nextChunk();

      await client.rows('SELECT COUNT(*) FROM R', [], autocommit);
      await client.session.prepare('SELECT * FROM DUMMY');
      await (autocommit ? client.run('DELETE FROM R') : client.within('DELETE FROM R'));
      await client.commit();

      const expected = autocommit ? ROWS : ROWS + 1;
      expect([(await count(cursor)) + 2048, await count(other)]).toEqual([expected, expected]);
      expect(await client.column('SELECT COUNT(*) FROM R')).toEqual(['0']);
    },
  );

  it('sees the changes of its own transaction', async () => {
    const client = await openRows();

    await client.within('DELETE FROM R WHERE ID > 10');

    expect(await count(await openCursor(client, 'SELECT ID FROM R', false))).toBe(10);
    await client.rollback();
    expect(await count(await openCursor(client, 'SELECT ID FROM R', false))).toBe(ROWS);
  });

  it('keeps the order of its rows when they are read ahead of it', async () => {
    const client = await openRows();
    await client.within('INSERT INTO R VALUES (0)');
    const cursor = await openCursor(client, "SELECT ID, 'x', DATE'2024-02-29', 1.5 FROM R ORDER BY ID DESC", false);

    await client.within('DELETE FROM R');

    const ids: unknown[] = [];
    for (let chunk = await cursor.nextChunk(); chunk; chunk = await cursor.nextChunk())
      ids.push(...chunk.getColumnValues(0));
    expect(ids).toEqual(Array.from({ length: ROWS + 1 }, (_, index) => ROWS - index));
  });

  it('may be read ahead while other statements of its session start', async () => {
    const client = await openRows();
    await client.within('INSERT INTO R VALUES (0)');
    const cursor = await openCursor(client, 'SELECT ID FROM R', false);

    const ahead = [cursor.nextChunk(), cursor.nextChunk(), cursor.nextChunk()];
    const deleted = client.within('DELETE FROM R');
    const more = cursor.nextChunk();

    const chunks = await Promise.all([...ahead, more]);
    expect(await deleted).toEqual([ROWS + 1]);
    expect(chunks.reduce((sum, chunk) => sum + chunk!.rowCount, 0) + (await count(cursor))).toBe(ROWS + 1);
  });

  it('stops computing when it is closed while it is read', async () => {
    const client = await openRows();
    const cursor = await openCursor(client, 'SELECT A.ID FROM R A, R B WHERE A.ID <= 4096 OR A.ID + B.ID < 0', true);
    const reading = count(cursor).catch((error) => error.code ?? error);
    await new Promise((resolve) => setTimeout(resolve, 20));

    await cursor.close();
    await reading;

    expect(await client.column('SELECT COUNT(*) FROM R')).toEqual([String(ROWS)]);
  });

  it('ends with its session', async () => {
    const client = await openRows();
    const cursors = [await openCursor(client, 'SELECT ID FROM R', true)];
    await client.within('INSERT INTO R VALUES (0)');
    cursors.push(await openCursor(client, 'SELECT ID FROM R', false));

    await client.session.close();

    for (const cursor of cursors) expect(await cursor.nextChunk()).toBeUndefined();
  });

  it('can be closed early and leaves its session usable', async () => {
    const client = await openRows();
    for (let round = 0; round < 10; round += 1) {
      const cursor = await openCursor(client, 'SELECT A.ID FROM R A, R B', round % 2 === 0);
      await cursor.nextChunk();

      await cursor.close();

      expect(await cursor.nextChunk()).toBeUndefined();
    }
    expect(await client.column('SELECT COUNT(*) FROM R')).toEqual([String(ROWS)]);
  });

  it('closed early in a changed transaction gives the connection free', async () => {
    const client = await openRows();
    await client.within('DELETE FROM R WHERE ID = 1');
    const cursor = await openCursor(client, 'SELECT A.ID FROM R A, R B', false);
    await cursor.close();

    await client.within('DELETE FROM R WHERE ID = 2');
    await client.commit();

    expect(await client.column('SELECT COUNT(*) FROM R')).toEqual([String(ROWS - 2)]);
  });

  it('reports an error in a late row when the row is read', async () => {
    const client = await openRows();
    const cursor = await openCursor(client, `SELECT 1 / (ID - ${ROWS}) FROM R`, true);

    await expect(count(cursor)).rejects.toMatchObject({ code: 304 });
    expect(await client.column('SELECT COUNT(*) FROM R')).toEqual([String(ROWS)]);
  });

  it('yields chunks whose vectors have the types that the columns say', async () => {
    const client = await openRows();
    const cursor = await openCursor(
      client,
      "SELECT ID, COUNT(*), SUM(ID), AVG(ID), 1.5, 'a', NULL, CURRENT_DATE, X'00' FROM R WHERE ID = 1 GROUP BY ID",
      true,
    );

    const chunk = (await cursor.nextChunk())!;

    const types = Array.from({ length: chunk.columnCount }, (_, index) => String(chunk.getColumnVector(index).type));
    expect(types).toEqual([
      'INTEGER',
      'BIGINT',
      'BIGINT',
      'DECIMAL(38,6)',
      'DECIMAL(2,1)',
      'VARCHAR',
      'VARCHAR',
      'DATE',
      'BLOB',
    ]);
    expect(cursor.columns.map(({ type }) => type.name)).toEqual([
      'INTEGER',
      'BIGINT',
      'BIGINT',
      'DECIMAL',
      'DECIMAL',
      'VARCHAR',
      'NVARCHAR',
      'DATE',
      'VARBINARY',
    ]);
  });

  it('of millions of rows does not hold them in memory', async () => {
    const client = await openRows();
    const cursor = await openCursor(client, 'SELECT A.ID, B.ID FROM R A, (SELECT TOP 30 ID FROM R) B', true);
    const before = process.memoryUsage().rss;
    let highest = before;
    let rows = 0;

    for (let chunk = await cursor.nextChunk(); chunk; chunk = await cursor.nextChunk()) {
      chunk.getColumnVector(0).getItem(0);
      chunk.getColumnVector(1).getItem(0);
      rows += chunk.rowCount;
      highest = Math.max(highest, process.memoryUsage.rss());
    }

    expect(rows).toBe(30 * ROWS);
    expect((highest - before) / 2 ** 20).toBeLessThan(400);
  });
});
