import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Client, openWarehouse } from './warehouse.ts';

/** Takes minutes unless it is broken off, and has no row before its end. */
const LONG_QUERY = `SELECT COUNT(*) FROM SERIES_GENERATE_INTEGER(1, 0, 1000000) A, SERIES_GENERATE_INTEGER(1, 0, 1000000) B
  WHERE MOD(A.ELEMENT_NUMBER + B.ELEMENT_NUMBER, 7) = 3`;

const openTwo = async () => {
  const engine = await openWarehouse({
    users: ['TESTER', 'OTHER'].map((name) => ({ name, password: 'Secret123' })),
    lockWaitMilliseconds: 60_000,
  });
  const [busy, second] = [
    new Client(await engine.openSession('TESTER')),
    new Client(await engine.openSession('TESTER')),
  ];
  await busy.run('CREATE TABLE T (ID INTEGER PRIMARY KEY)');
  const cancel = (by = second) => by.run(`ALTER SYSTEM CANCEL SESSION '${busy.session.id}'`);
  return { engine, busy, second, cancel };
};

/** Long enough for what was just started to be running. */
const moment = () => sleep(200);

describe('cancelling a session', () => {
  it.each([
    ['a query', LONG_QUERY],
    ['an insert', `INSERT INTO T ${LONG_QUERY}`],
  ])('breaks off %s with 139 and rolls its transaction back', async (_, sql) => {
    const { busy, cancel } = await openTwo();
    await busy.within('INSERT INTO T VALUES (1)');

    const running = (sql.startsWith('SELECT') ? busy.rows(sql, [], false) : busy.within(sql)).catch((error) => error);
    await moment();
    await cancel();

    expect(await running).toMatchObject({
      code: 139,
      message: expect.stringContaining('current operation cancelled by request and transaction rolled back'),
    });
    expect(await busy.column('SELECT COUNT(*) FROM T')).toEqual(['0']);
  });

  it('breaks off a query outside of a transaction', async () => {
    const { busy, cancel } = await openTwo();

    const running = busy.rows(LONG_QUERY).catch((error) => error);
    await moment();
    await cancel();

    expect(await running).toMatchObject({ code: 139 });
    expect(await busy.column('SELECT 1 FROM DUMMY')).toEqual(['1']);
  });

  it('ends a wait for a lock', async () => {
    const { busy, second, cancel } = await openTwo();
    await second.within('LOCK TABLE T IN EXCLUSIVE MODE');

    const waiting = busy.run('INSERT INTO T VALUES (1)').catch((error) => error);
    await moment();
    await cancel();

    expect(await waiting).toMatchObject({ code: 139 });
  });

  it('does nothing to a session that is idle', async () => {
    const { busy, cancel } = await openTwo();
    await busy.within('INSERT INTO T VALUES (1)');

    await cancel();
    await busy.commit();

    expect(await busy.column('SELECT COUNT(*) FROM T')).toEqual(['1']);
  });

  it("is refused for another user's session, and for one that isn't there", async () => {
    const { engine, second, cancel } = await openTwo();
    const stranger = new Client(await engine.openSession('OTHER'));

    const foreign = cancel(stranger);
    const unknown = second.run("ALTER SYSTEM CANCEL WORK IN SESSION '1'");

    await expect(foreign).rejects.toMatchObject({ code: 258 });
    await expect(unknown).rejects.toMatchObject({ code: 1036 });
  });
});
