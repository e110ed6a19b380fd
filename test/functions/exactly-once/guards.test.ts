import { describe, expect, it, onTestFinished } from 'vitest';
import { planWrite as planWriteStep } from '#functions/prediction/plan-write/plan-write.ts';
import { publishPredictions as publishPredictionsStep } from '#functions/prediction/publish-predictions/publish-predictions.ts';
import { writePart as writePartStep } from '#functions/prediction/write-part/write-part.ts';
import type { LaptopHanaEngine } from '#local/hana/sql/engine.ts';
import { WarehouseUnavailableError } from '#shared/errors.ts';
import { PlannedPart, plannedPartsUri, stagingTableName } from '#shared/predictions/write-record.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { granted } from '#test/functions/granted.ts';
import { noRunEnds } from '#test/shared/executions/run-endings.ts';
import { openEngine } from './engine-connections.ts';
import { mortalWarehouse, sleepAt } from './mortal.ts';
import { givenScoredRun, leftBy, type Predictions, type ScoredRun } from './scored-run.ts';
import { type Seam, seamed } from './sql-seam.ts';
import { sqlWorld, type World } from './world.ts';

const planWrite = granted('planWrite', planWriteStep);
const publishPredictions = granted('publishPredictions', publishPredictionsStep);
const writePart = granted('writePart', writePartStep);

/** What a test does and expects, with connections as they are or with one guard switched off. */
type Scenario = (mutation: Seam) => Promise<void>;

interface Guard {
  readonly sentence: string;
  readonly scenario: Scenario;
  /** How the guard is switched off, in the statements on their way to the warehouse. */
  readonly off: Seam;
}

const TWO_PARTS = ['1,0.5,10\n2,0.5,20\n', '3,0.5,30\n4,0.5,40\n'];

const open = async (seam: Seam): Promise<{ engine: LaptopHanaEngine; world: World }> => {
  const engine = await openEngine();
  onTestFinished(() => engine.close());
  return { engine, world: sqlWorld(engine, seamed(seam)) };
};

/** A run whose write is planned; its parts are not staged yet. */
const planned = async (world: World, predictions: Predictions) => {
  const run = await givenScoredRun(world, predictions);
  return { run, ...(await planAgain(world, run)) };
};

const planAgain = async (world: World, { runUri, rowCount }: ScoredRun) => {
  const input = { runUri, predictionsUri: predictionPartsUri(runUri), rowCount, model: 'model-1' };
  const { writeId, fence } = await planWrite(input, { ...world.startProcess(), runs: noRunEnds });
  const { text } = await world.objectStore.getText(plannedPartsUri(runUri, fence));
  const parts = text
    .trimEnd()
    .split('\n')
    .map((line) => PlannedPart.parse(JSON.parse(line)));
  return { writeId, fence, parts, publication: { runUri, writeId, fence, rowCount } };
};

const idsIn = async (world: World, run: ScoredRun, writeId: string): Promise<number[]> =>
  (await leftBy(world, run, writeId)).rows.map((row) => JSON.parse(row)[0]);

const expire = (engine: LaptopHanaEngine): Promise<unknown> =>
  engine.administration.execute(`UPDATE "SPACE#USER"."FEDML_LEASE" SET "UNTIL" = '2020-01-01 00:00:00'`);

const GUARDS: Readonly<Record<string, Guard>> = {
  'the owner of the lease': {
    sentence: 'keeps a run from publishing over the predictions of the run that took its table',
    async scenario(mutation) {
      const { engine, world } = await open(mutation);
      const slow = await planned(world, { runId: 'run-1', mode: 'replace', parts: TWO_PARTS });
      for (const part of slow.parts) await writePart(part, world.startProcess());
      await expire(engine);
      const fast = await planned(world, { runId: 'run-2', mode: 'replace', parts: ['7,0.5,70\n'] });
      for (const part of fast.parts) await writePart(part, world.startProcess());
      await publishPredictions(fast.publication, world.startProcess());

      const late = publishPredictions(slow.publication, world.startProcess());

      await expect(late).rejects.toMatchObject({ name: 'LeaseLostError' });
      expect(await idsIn(world, slow.run, slow.writeId)).toEqual([7]);
    },
    off: { rewrite: (sql) => sql.replace('"OWNER" = ? AND "FENCE" = ?', '("OWNER" = ? OR "FENCE" = ? OR 1 = 1)') },
  },

  'the fence': {
    sentence: 'keeps a straggler from adding rows to the same write, which was planned anew since',
    async scenario(mutation) {
      const { engine, world } = await open(mutation);
      const { run, parts, writeId } = await planned(world, { runId: 'run-1', mode: 'append', parts: TWO_PARTS });
      await expire(engine);
      await planAgain(world, run);

      const straggler = writePart(parts[0]!, world.startProcess());

      await expect(straggler).rejects.toMatchObject({ name: 'LeaseLostError' });
      expect(await leftBy(world, run, writeId)).toMatchObject({ stagedCount: 0, chunks: [] });
    },
    off: { rewrite: (sql) => sql.replace('AND "FENCE" = ?', 'AND ("FENCE" = ? OR 1 = 1)') },
  },

  'the expiry of the lease': {
    sentence: 'keeps two runs from having one table at the same time',
    async scenario(mutation) {
      const { world } = await open(mutation);
      await planned(world, { runId: 'run-1', mode: 'replace', parts: TWO_PARTS });

      const second = planned(world, { runId: 'run-2', mode: 'replace', parts: TWO_PARTS });

      await expect(second).rejects.toMatchObject({
        name: 'TargetTableBusyError',
        message: /^The run run-1 is writing/,
      });
    },
    off: { rewrite: (sql) => sql.replace('OR "UNTIL" <= CURRENT_UTCTIMESTAMP)', 'OR 1 = 1)') },
  },

  'the ledger': {
    sentence: 'settles whether a commit took place whose acknowledgement was lost',
    async scenario(mutation) {
      const lost = { commits: 0 };
      const { world } = await open({
        ...mutation,
        async afterCommit() {
          if (lost.commits-- === 1) throw new WarehouseUnavailableError('Committing failed: the connection was lost.');
        },
      });
      const { run, parts, publication, writeId } = await planned(world, {
        runId: 'run-1',
        mode: 'append',
        parts: TWO_PARTS,
      });
      for (const part of parts) await writePart(part, world.startProcess());
      lost.commits = 1;

      const output = await publishPredictions(publication, world.startProcess()).catch((error: unknown) => error);

      expect(output).toMatchObject({ rowCount: 4, alreadyPublished: true });
      expect((await idsIn(world, run, writeId)).toSorted()).toEqual([1, 1, 2, 2, 3, 4]);
    },
    off: { swallow: (sql) => (sql.startsWith('INSERT INTO "SPACE#USER"."FEDML_LEDGER"') ? 1 : undefined) },
  },

  'the look for a staged part': {
    sentence: 'keeps a part from being sent again',
    async scenario(mutation) {
      const batches: string[] = [];
      const { world } = await open({ ...mutation, onBatch: (sql) => batches.push(sql) });
      const { parts } = await planned(world, { runId: 'run-1', mode: 'append', parts: TWO_PARTS });
      await writePart(parts[0]!, world.startProcess());
      const sent = batches.length;

      const again = await writePart(parts[0]!, world.startProcess()).catch((error: unknown) => error);

      expect(again).toEqual({ part: 0, rowCount: 2, rejectedCount: 0, alreadyStaged: true });
      expect(batches).toHaveLength(sent);
    },
    off: { rewrite: (sql) => (/FROM "SPACE#USER"."FEDML_CHUNKS".*"PART" = \?/.test(sql) ? `${sql} AND 1 = 0` : sql) },
  },

  'the ledger of parts': {
    sentence: 'keeps rows from being published that no writer has finished',
    async scenario(mutation) {
      const { engine, world } = await open(mutation);
      const { run, parts, publication, writeId } = await planned(world, {
        runId: 'run-1',
        mode: 'append',
        parts: TWO_PARTS,
      });
      await writePart(parts[0]!, world.startProcess());
      const staging = `"SPACE#USER"."${stagingTableName(writeId)}"`;
      await engine.administration.execute(
        `INSERT INTO ${staging} SELECT 1, "FEDML_ROW", "FEDML_CHECKSUM", "ID", "SCORE", "AMOUNT" FROM ${staging}`,
      );

      const publishing = publishPredictions(publication, world.startProcess());

      await expect(publishing).rejects.toMatchObject({
        name: 'DatasetMismatchError',
        message: /part 1 was not staged whole/,
      });
      expect(await idsIn(world, run, writeId)).toEqual([1, 2]);
    },
    off: {
      rewrite: (sql) =>
        /FROM "SPACE#USER"."FEDML_CHUNKS" WHERE "WRITE_ID" = \?$/.test(sql)
          ? `SELECT N, 'etag', 2, 0, ${2 ** 32} FROM (SELECT 0 AS N FROM DUMMY UNION ALL SELECT 1 AS N FROM DUMMY) WHERE ? IS NOT NULL`
          : sql.replace('CAST(SUM("FEDML_CHECKSUM") AS BIGINT)', String(2 ** 32)),
    },
  },

  'the lock of a table that is replaced': {
    sentence: 'keeps a foreign row from coming in between, which would be deleted at once',
    async scenario(mutation) {
      let foreign: string | undefined;
      let owner: LaptopHanaEngine | undefined;
      const { engine, world } = await open({
        ...mutation,
        async beforeExecute(sql) {
          if (!sql.startsWith('DELETE FROM "SPACE#USER"."SCORES"')) return;
          const inserting = owner!.administration.execute('INSERT INTO "SPACE#USER"."SCORES" ("ID") VALUES (99)');
          foreign = await inserting.then(
            () => 'inserted',
            () => 'told to wait',
          );
        },
      });
      owner = engine;
      const { parts, publication } = await planned(world, { runId: 'run-1', mode: 'replace', parts: TWO_PARTS });
      for (const part of parts) await writePart(part, world.startProcess());

      await publishPredictions(publication, world.startProcess());

      expect(foreign).toBe('told to wait');
    },
    off: { swallow: (sql) => (sql.startsWith('LOCK TABLE') ? 0 : undefined) },
  },

  'the ban on DDL': {
    sentence: 'keeps a DDL statement from committing half a publication',
    async scenario(mutation) {
      const { world } = await open({
        ...mutation,
        async beforeExecute(sql, connection) {
          if (!sql.startsWith('INSERT INTO "SPACE#USER"."SCORES"')) return;
          const stray = { sql: 'CREATE COLUMN TABLE "SPACE#USER"."STRAY" ("ID" INTEGER)', parameters: [] };
          await connection.execute(stray, 'Creating a table in the middle');
          throw new WarehouseUnavailableError('The connection was lost.');
        },
      });
      const { run, parts, publication, writeId } = await planned(world, {
        runId: 'run-1',
        mode: 'replace',
        parts: TWO_PARTS,
      });
      for (const part of parts) await writePart(part, world.startProcess());

      await publishPredictions(publication, world.startProcess()).catch(() => undefined);

      expect(await idsIn(world, run, writeId)).toEqual([1, 2]);
    },
    off: { swallow: (sql) => (sql === 'SET TRANSACTION DDL OFF' ? 0 : undefined) },
  },

  'the checksum': {
    sentence: 'keeps rows from being published that are not those that were written',
    async scenario(mutation) {
      const { engine, world } = await open(mutation);
      const { run, parts, publication, writeId } = await planned(world, {
        runId: 'run-1',
        mode: 'append',
        parts: TWO_PARTS,
      });
      for (const part of parts) await writePart(part, world.startProcess());
      const staging = `"SPACE#USER"."${stagingTableName(writeId)}"`;
      await engine.administration.execute(`DELETE FROM ${staging} WHERE "ID" = 4`);
      await engine.administration.execute(
        `INSERT INTO ${staging} SELECT 1, 1, "FEDML_CHECKSUM", "ID", "SCORE", "AMOUNT" FROM ${staging} WHERE "ID" = 3`,
      );

      const publishing = publishPredictions(publication, world.startProcess());

      await expect(publishing).rejects.toMatchObject({
        name: 'DatasetMismatchError',
        message: /part 1 has other rows than were written/,
      });
      expect(await idsIn(world, run, writeId)).toEqual([1, 2]);
    },
    off: {
      rewrite: (sql) => sql.replace('"CHECKSUM" FROM', '0 FROM').replace('CAST(SUM("FEDML_CHECKSUM") AS BIGINT)', '0'),
    },
  },

  "a row's position as the primary key": {
    sentence: 'keeps two tries of one part from staging it both',
    async scenario(mutation) {
      const { world } = await open(mutation);
      const { run, parts, publication, writeId } = await planned(world, {
        runId: 'run-1',
        mode: 'append',
        parts: TWO_PARTS,
      });
      const process = world.startProcess();
      // connect, hold, find, commit, acknowledge, delete, delete, insert, insertFenced; before the commit of the rows.
      const hung = sleepAt(9);
      const first = writePart(parts[0]!, { ...process, warehouse: mortalWarehouse(process.warehouse, hung) });
      await hung.asleep;

      const second = writePart(parts[0]!, world.startProcess());

      await expect(second).rejects.toMatchObject({ name: 'WarehouseUnavailableError' });
      hung.wake();
      await first;
      for (const part of parts) await writePart(part, world.startProcess());
      await publishPredictions(publication, world.startProcess());
      expect((await idsIn(world, run, writeId)).toSorted()).toEqual([1, 1, 2, 2, 3, 4]);
    },
    off: { rewrite: (sql) => (sql.startsWith('CREATE') ? sql.replace(/, PRIMARY KEY \([^)]*\)/, '') : sql) },
  },

  "the look at the target's primary key": {
    sentence: 'keeps an upsert from adding rows that it should replace',
    async scenario(mutation) {
      const { world } = await open(mutation);
      const run = await givenScoredRun(world, {
        runId: 'run-1',
        mode: 'upsert',
        parts: ['2,0.5,20\n'],
        primaryKey: false,
      });

      const refusal = await planAgain(world, run).then(
        async ({ parts, publication }) => {
          await writePart(parts[0]!, world.startProcess());
          return publishPredictions(publication, world.startProcess());
        },
        (error: unknown) => error,
      );

      expect(refusal).toMatchObject({
        name: 'TargetTableError',
        message: /its primary key is missing and must be \(ID\)/,
      });
      expect(await idsIn(world, run, '')).toEqual([1, 2]);
    },
    off: {
      rewrite: (sql) =>
        sql.includes('SYS.CONSTRAINTS') ? `SELECT 'ID' FROM DUMMY WHERE ? IS NOT NULL AND ? = 'SCORES'` : sql,
    },
  },
};

describe.each(Object.entries(GUARDS))('%s', (_name, { sentence, scenario, off }) => {
  it(sentence, () => scenario({}));

  it('is what does it: without it the same test fails', async () => {
    const failure = await scenario(off).then(
      () => undefined,
      (error: { readonly actual?: unknown }) => error,
    );

    // The test's own expectations must fail: a statement that the mutation has broken would prove nothing.
    expect(failure).toMatchObject({ name: 'AssertionError' });
    expect(failure?.actual).not.toMatchObject({ name: 'WarehouseStatementError' });
  });
});
