import { describe, expect, it } from 'vitest';
import { Client, openWarehouse } from './warehouse.ts';

async function openTwo(): Promise<[first: Client, second: Client]> {
  const engine = await openWarehouse();
  const clients: [Client, Client] = [
    new Client(await engine.openSession('TESTER')),
    new Client(await engine.openSession('TESTER')),
  ];
  await clients[0].run('CREATE TABLE T (ID INTEGER PRIMARY KEY, V NVARCHAR(5))');
  await clients[0].run('CREATE TABLE U (ID INTEGER)');
  return clients;
}

const codeOf = (work: Promise<unknown>): Promise<number> =>
  work.then(
    () => 0,
    (error) => error.code,
  );

describe('a statement that fails', () => {
  it('is undone alone: what came before and after it is committed', async () => {
    const [client] = await openTwo();

    await client.within('INSERT INTO T VALUES (?, ?)', [1, 'one']);
    expect(await codeOf(client.within('INSERT INTO T VALUES (?, ?)', [1, 'dup']))).toBe(301);
    await client.within('INSERT INTO T VALUES (?, ?)', [2, 'two']);
    await client.commit();

    expect(await client.rows('SELECT * FROM T ORDER BY ID')).toEqual([
      ['1', 'one'],
      ['2', 'two'],
    ]);
  });

  it.each([
    ["INSERT INTO T VALUES (9, 'too long')", 274],
    ['INSERT INTO T VALUES (NULL, NULL)', 287],
    ['UPDATE T SET ID = 1 / (ID - 1)', 304],
    ['UPDATE T SET ID = TO_INTEGER(V)', 339],
    ['SELECT 1 / (ID - 1) FROM T', 304],
    ['SELECT (SELECT ID FROM T) FROM DUMMY', 305],
    ['SELECT NOPE FROM T', 260],
  ])('leaves the transaction as it was: %s', async (sql, code) => {
    const [client, other] = await openTwo();
    await client.within('INSERT INTO T VALUES (?, ?)', [1, 'a'], [2, 'b']);
    await client.within("UPDATE T SET V = 'c' WHERE ID = 2");
    await client.within('DELETE FROM T WHERE ID = 0');

    expect(await codeOf(client.within(sql))).toBe(code);

    expect(await client.rows('SELECT * FROM T ORDER BY ID', [], false)).toEqual([
      ['1', 'a'],
      ['2', 'c'],
    ]);
    expect(await other.rows('SELECT * FROM T')).toEqual([]);
    await client.commit();
    expect(await other.rows('SELECT * FROM T ORDER BY ID')).toEqual([
      ['1', 'a'],
      ['2', 'c'],
    ]);
  });

  it('is told when the earlier statements cannot be repeated, because others changed what they read', async () => {
    const [client, other] = await openTwo();
    await client.within('INSERT INTO U SELECT COUNT(*) FROM T');
    await client.within('INSERT INTO U SELECT ID FROM T');
    await other.run("INSERT INTO T VALUES (1, 'x')");

    const failed = client.within('INSERT INTO U SELECT 1 / 0 FROM DUMMY');

    await expect(failed).rejects.toMatchObject({
      code: 133,
      message: 'transaction rolled back by detected deadlock: other transactions have changed the rows meanwhile',
    });
    expect(await client.rows('SELECT * FROM U')).toEqual([]);
  });
});

describe('transactions', () => {
  it('are invisible to others until they are committed, and leave nothing when rolled back', async () => {
    const [first, second] = await openTwo();

    await first.within("INSERT INTO T VALUES (1, 'a')");
    expect([await first.column('SELECT ID FROM T', [], false), await second.column('SELECT ID FROM T')]).toEqual([
      ['1'],
      [],
    ]);
    await first.rollback();
    expect(await first.column('SELECT ID FROM T')).toEqual([]);
  });

  it('read what others have committed since, one snapshot per statement', async () => {
    const [first, second] = await openTwo();
    await first.column('SELECT ID FROM T', [], false);

    await second.run("INSERT INTO T VALUES (1, 'a')");

    expect(await first.column('SELECT ID FROM T', [], false)).toEqual(['1']);
  });

  it('under REPEATABLE READ see one snapshot', async () => {
    const [first, second] = await openTwo();
    await first.run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await first.column('SELECT ID FROM T', [], false);

    await second.run("INSERT INTO T VALUES (1, 'a')");

    expect(await first.column('SELECT ID FROM T', [], false)).toEqual([]);
    await first.commit();
    expect(await first.column('SELECT ID FROM T', [], false)).toEqual(['1']);
  });

  it('wait for a row that another is changing, then go on from what it committed', async () => {
    const [first, second] = await openTwo();
    await first.run("INSERT INTO T VALUES (1, 'a')");
    await first.within("UPDATE T SET V = V || 'b' WHERE ID = 1");

    const waiting = second.run("UPDATE T SET V = V || 'c' WHERE ID = 1");
    await first.commit();

    expect(await waiting).toEqual([1]);
    expect(await second.column('SELECT V FROM T')).toEqual(['abc']);
  });

  it('give up waiting for a row with 131', async () => {
    const [first, second] = await openTwo();
    await first.run("INSERT INTO T VALUES (1, 'a')");
    await first.within("UPDATE T SET V = 'b'");

    expect(await second.code("UPDATE T SET V = 'c'")).toBe(131);
  });

  it('that wait for each other end with 133', async () => {
    const [first, second] = await openTwo();
    await first.run('INSERT INTO T VALUES (?, ?)', [1, 'a'], [2, 'a']);
    await first.within("UPDATE T SET V = 'b' WHERE ID = 1");
    await second.within("UPDATE T SET V = 'c' WHERE ID = 2");

    const outcomes = await Promise.allSettled([
      first.within("UPDATE T SET V = 'b' WHERE ID = 2"),
      second.within("UPDATE T SET V = 'c' WHERE ID = 1"),
    ]);
    await Promise.all([first.commit(), second.commit()]);

    const victim = outcomes[0]!.status === 'rejected' ? 0 : 1;
    expect(outcomes[victim]).toMatchObject({ reason: { code: 133 } });
    expect(outcomes[1 - victim]).toEqual({ status: 'fulfilled', value: [1] });
    const survivor = victim === 0 ? 'c' : 'b';
    expect(await first.column('SELECT V FROM T')).toEqual([survivor, survivor]);
  });

  it('insert one key twice only one after the other: the second ends with 301', async () => {
    const [first, second] = await openTwo();
    await first.within("INSERT INTO T VALUES (1, 'first')");

    const waiting = codeOf(second.within("INSERT INTO T VALUES (1, 'two')"));
    await first.commit();

    expect(await waiting).toBe(301);
    await second.rollback();
    expect(await second.column('SELECT V FROM T')).toEqual(['first']);
  });

  it('insert a key whose first inserter rolled back', async () => {
    const [first, second] = await openTwo();
    await first.within("INSERT INTO T VALUES (1, 'first')");

    const waiting = second.run("INSERT INTO T VALUES (1, 'two')");
    await first.rollback();

    expect(await waiting).toEqual([1]);
    expect(await second.column('SELECT V FROM T')).toEqual(['two']);
  });

  it('write different rows of one table side by side', async () => {
    const [first, second] = await openTwo();

    await first.within("INSERT INTO T VALUES (1, 'a')");
    await second.within("INSERT INTO T VALUES (2, 'b')");
    await second.commit();
    await first.commit();

    expect(await first.column('SELECT ID FROM T ORDER BY ID')).toEqual(['1', '2']);
  });

  it('replace the contents of a table with a primary key', async () => {
    const [client] = await openTwo();
    await client.run('INSERT INTO T VALUES (?, ?)', [1, 'a'], [2, 'b']);

    await client.within('DELETE FROM T');
    await client.within('INSERT INTO T VALUES (?, ?)', [1, 'n'], [2, 'n']);
    await client.commit();

    expect(await client.rows('SELECT * FROM T ORDER BY ID')).toEqual([
      ['1', 'n'],
      ['2', 'n'],
    ]);
  });

  it('are rolled back when their session closes', async () => {
    const [first, second] = await openTwo();
    await first.within("INSERT INTO T VALUES (1, 'a')");

    await first.session.close();

    expect(await second.run("INSERT INTO T VALUES (1, 'b')")).toEqual([1]);
    expect(await first.code('SELECT 1 FROM DUMMY')).toBe(1036);
  });

  it('are ended by COMMIT and ROLLBACK as statements, too', async () => {
    const [client] = await openTwo();

    await client.within('INSERT INTO U VALUES (1)');
    await client.within('COMMIT');
    await client.within('INSERT INTO U VALUES (2)');
    await client.within('ROLLBACK');

    expect(await client.column('SELECT ID FROM U')).toEqual(['1']);
  });
});

describe('DDL', () => {
  it('commits what is open, and itself', async () => {
    const [first, second] = await openTwo();
    await first.within('INSERT INTO U VALUES (1)');

    await first.within('CREATE TABLE D (A INTEGER)');
    await first.rollback();

    expect(await second.column('SELECT ID FROM U')).toEqual(['1']);
    expect(await second.rows('SELECT * FROM D')).toEqual([]);
  });

  it('is part of the transaction under AUTOCOMMIT DDL OFF', async () => {
    const [first, second] = await openTwo();
    await first.within('INSERT INTO U VALUES (1)');
    await first.within('SET TRANSACTION AUTOCOMMIT DDL OFF');
    expect(await second.column('SELECT ID FROM U')).toEqual(['1']);

    await first.within('CREATE TABLE D (A INTEGER PRIMARY KEY)');
    await first.within('INSERT INTO D VALUES (1)');
    expect(await codeOf(first.within('INSERT INTO D VALUES (1)'))).toBe(301);
    expect([await first.column('SELECT A FROM D', [], false), await second.code('SELECT * FROM D')]).toEqual([
      ['1'],
      259,
    ]);
    await first.rollback();

    expect(await first.code('SELECT * FROM D')).toBe(259);
    await first.within('CREATE TABLE D (A INTEGER)');
    await first.commit();
    expect(await second.rows('SELECT * FROM D')).toEqual([]);
  });

  it('that fails leaves no trace in the catalog', async () => {
    const [client] = await openTwo();
    await client.run('INSERT INTO U VALUES (?)', [1], [1]);

    expect(await client.code('ALTER TABLE U ADD PRIMARY KEY (ID)')).toBe(301);
    expect(await client.code('CREATE TABLE D AS (SELECT 1 / (ID - 1) AS A FROM U)')).toBe(304);

    expect(await client.column("SELECT HAS_PRIMARY_KEY FROM TABLES WHERE TABLE_NAME = 'U'")).toEqual(['FALSE']);
    expect(await client.code('SELECT * FROM D')).toBe(259);
  });

  it('is refused under DDL OFF and READ ONLY, as are changes under READ ONLY, until they are switched off', async () => {
    const [client] = await openTwo();

    await client.run('SET TRANSACTION DDL OFF');
    expect([await client.code('CREATE TABLE D (A INTEGER)'), await client.code('INSERT INTO U VALUES (1)')]).toEqual([
      128, 0,
    ]);
    await client.run('SET TRANSACTION DDL ON');
    await client.run('SET TRANSACTION READ ONLY');
    await client.commit();
    expect([
      await client.code('CREATE TABLE D (A INTEGER)'),
      await client.code('INSERT INTO U VALUES (1)'),
      await client.code('SELECT * FROM U'),
    ]).toEqual([128, 128, 0]);
    await client.run('SET TRANSACTION READ WRITE');
    expect(await client.code('CREATE TABLE D (A INTEGER)')).toBe(0);
  });

  it('makes prepared statements look again', async () => {
    const [client] = await openTwo();
    const statement = await client.session.prepare('SELECT * FROM U');

    await client.run('DROP TABLE U');

    expect(await codeOf(statement.execute([[]], { autocommit: true }))).toBe(259);
  });
});

describe('LOCK TABLE', () => {
  it('makes others wait until the transaction ends', async () => {
    const [first, second] = await openTwo();
    await first.within('LOCK TABLE U IN EXCLUSIVE MODE');
    let done = false;

    const waiting = second.run('INSERT INTO U VALUES (2)').then(() => {
      done = true;
    });
    await first.within('INSERT INTO U VALUES (1)');
    const doneWhileLocked = done;
    await first.commit();
    await waiting;

    expect(doneWhileLocked).toBe(false);
    expect(await first.column('SELECT ID FROM U ORDER BY ID')).toEqual(['1', '2']);
  });

  it('is refused with 146 at once and with 131 after the time', async () => {
    const [first, second] = await openTwo();
    await first.within('LOCK TABLE U IN EXCLUSIVE MODE');

    expect(await codeOf(second.within('LOCK TABLE U IN EXCLUSIVE MODE NOWAIT'))).toBe(146);
    expect(await codeOf(second.within('LOCK TABLE U IN EXCLUSIVE MODE'))).toBe(131);
    expect(await codeOf(second.within('INSERT INTO U VALUES (1)'))).toBe(131);
    expect(await second.column('SELECT ID FROM U')).toEqual([]);
  });

  it('waits for a transaction that is changing the table', async () => {
    const [first, second] = await openTwo();
    await first.within('INSERT INTO U VALUES (1)');

    expect(await codeOf(second.within('LOCK TABLE U IN EXCLUSIVE MODE NOWAIT'))).toBe(146);
    await first.commit();
    expect(await codeOf(second.within('LOCK TABLE U IN EXCLUSIVE MODE WAIT 1'))).toBe(0);
  });
});

describe('session statements', () => {
  it('set the schema and variables of the session', async () => {
    const [client] = await openTwo();

    await client.run("SET 'APPUSER' = 'me'");
    await client.run('SET SCHEMA SYS');

    expect(await client.rows("SELECT SESSION_CONTEXT('APPUSER'), CURRENT_SCHEMA FROM DUMMY")).toEqual([['me', 'SYS']]);
    await client.run("UNSET 'APPUSER'");
    expect(await client.column("SELECT SESSION_CONTEXT('APPUSER') FROM DUMMY")).toEqual([null]);
    expect([
      await client.code('SET SCHEMA NOPE'),
      await client.code('SET threads = 1'),
      await client.code('SET TRANSACTION NOPE'),
    ]).toEqual([362, 7, 7]);
  });

  it('do not change the names of a statement that is prepared already', async () => {
    const [client] = await openTwo();
    const statement = await client.session.prepare('INSERT INTO U VALUES (?)');

    await client.run('SET SCHEMA SYS');
    await statement.execute([[5]], { autocommit: true });

    expect(await client.column('SELECT ID FROM TESTER.U')).toEqual(['5']);
  });
});

describe('many sessions that change one row', () => {
  it.each([
    ['each on its own', ['UPDATE COUNTER SET N = N + 1 WHERE ID = 1']],
    ['after another change', ['INSERT INTO STEPS VALUES (1)', 'UPDATE COUNTER SET N = N + 1 WHERE ID = 1']],
  ])('come one after the other, with no deadlock: %s', async (_, statements) => {
    const engine = await openWarehouse({ lockWaitMilliseconds: 20_000 });
    const clients = await Promise.all(
      Array.from({ length: 6 }, async () => new Client(await engine.openSession('TESTER'))),
    );
    await clients[0]!.run('CREATE TABLE COUNTER (ID INTEGER PRIMARY KEY, N INTEGER)');
    await clients[0]!.run('INSERT INTO COUNTER VALUES (1, 0)');
    await clients[0]!.run('CREATE TABLE STEPS (N INTEGER)');

    await Promise.all(
      clients.map(async (client) => {
        for (let turn = 0; turn < 20; turn += 1) {
          for (const statement of statements.slice(0, -1)) await client.within(statement);
          await client.run(statements.at(-1)!);
        }
      }),
    );

    expect(await clients[0]!.column('SELECT N FROM COUNTER')).toEqual(['120']);
  });
});
