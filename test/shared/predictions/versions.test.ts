import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaptopHanaEngine } from '#local/hana/sql/engine.ts';
import { rollBack } from '#shared/predictions/versions.ts';
import type { SqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import { sqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import { engineConnections, openEngine } from '#test/functions/exactly-once/engine-connections.ts';
import { givenScoredRun } from '#test/functions/exactly-once/scored-run.ts';
import { type WriteVariables, writeBackSteps } from '#test/functions/exactly-once/steps.ts';
import { noRunEnds } from '#test/shared/executions/run-endings.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';

describe('versions of a table', () => {
  let engine: LaptopHanaEngine;
  let warehouse: SqlWarehouse;
  beforeAll(async () => {
    engine = await openEngine();
    warehouse = sqlWarehouse(engineConnections(engine));
  });
  afterAll(() => engine.close());

  /** Three runs have published to the table, the last one is current. */
  const givenVersions = async (table: string): Promise<void> => {
    for (const [runId, id] of Object.entries({ 'run-1': 1, 'run-2': 2, 'run-3': 3 })) {
      const ports = { objectStore: inMemoryObjectStore(), warehouse };
      const parts = [`${id},0.5,10\n`, `10${id},0.5,20\n`];
      const run = await givenScoredRun(ports, { runId, mode: 'versioned', table, parts });
      let variables: WriteVariables = {};
      for (const step of writeBackSteps(run, ports)) variables = await step(variables, ports);
    }
  };

  const idsIn = async (name: string): Promise<unknown[]> =>
    (await warehouse.query(`SELECT "ID" FROM "SPACE#USER"."${name}" ORDER BY "ID"`)).rows.map(([id]) => id);

  it('are all kept, and the view shows the last one', async () => {
    await givenVersions('KEPT');

    expect(await idsIn('KEPT_CURRENT')).toEqual([3, 103]);
    expect(await idsIn('KEPT')).toEqual([1, 1, 2, 2, 3, 101, 102, 103]);
  });

  it('can be gone back to and forward again, and nothing is deleted', async () => {
    await givenVersions('BACK');

    const back = await rollBack({ warehouse, runs: noRunEnds }, { pipeline: 'flights', table: 'BACK', runId: 'run-1' });
    const shownBack = await idsIn('BACK_CURRENT');
    const forward = await rollBack(
      { warehouse, runs: noRunEnds },
      { pipeline: 'flights', table: 'BACK', runId: 'run-3' },
    );

    expect(back).toEqual({ schema: 'SPACE#USER', view: 'BACK_CURRENT', rowCount: 2, previousRunId: 'run-3' });
    expect(shownBack).toEqual([1, 101]);
    expect(forward.previousRunId).toBe('run-1');
    expect(await idsIn('BACK_CURRENT')).toEqual([3, 103]);
  });

  it('stay as they are when the run that is asked for is the current one', async () => {
    await givenVersions('SAME');
    const entries = () => warehouse.query(`SELECT * FROM "SPACE#USER"."FEDML_LEDGER" WHERE "TARGET_TABLE" = 'SAME'`);
    const before = (await entries()).rows.length;

    const result = await rollBack(
      { warehouse, runs: noRunEnds },
      { pipeline: 'flights', table: 'SAME', runId: 'run-3' },
    );

    expect(result.previousRunId).toBe('run-3');
    expect((await entries()).rows).toHaveLength(before);
  });

  it('are followed by the next run after a rollback', async () => {
    await givenVersions('NEXT');
    await rollBack({ warehouse, runs: noRunEnds }, { pipeline: 'flights', table: 'NEXT', runId: 'run-1' });
    const ports = { objectStore: inMemoryObjectStore(), warehouse };
    const run = await givenScoredRun(ports, {
      runId: 'run-4',
      mode: 'versioned',
      table: 'NEXT',
      parts: ['4,0,0\n', '5,0,0\n'],
    });

    let variables: WriteVariables = {};
    for (const step of writeBackSteps(run, ports)) variables = await step(variables, ports);

    expect(await idsIn('NEXT_CURRENT')).toEqual([4, 5]);
  });

  it('can not be gone back to when there is no such one, and the answer lists those that there are', async () => {
    await givenVersions('LISTED');

    const rolling = rollBack({ warehouse, runs: noRunEnds }, { pipeline: 'flights', table: 'LISTED', runId: 'run-9' });

    await expect(rolling).rejects.toMatchObject({
      name: 'InvalidInputError',
      message:
        'run-9 has not published to LISTED by mode versioned. These have, the newest first: run-3, run-2, run-1, run-0.',
    });
  });

  it('can not be changed while a run is writing to the table', async () => {
    await givenVersions('BUSY');
    const ports = { objectStore: inMemoryObjectStore(), warehouse };
    const run = await givenScoredRun(ports, { runId: 'run-5', mode: 'versioned', table: 'BUSY' });
    await writeBackSteps(run, ports)[0]!({}, ports);

    const rolling = rollBack({ warehouse, runs: noRunEnds }, { pipeline: 'flights', table: 'BUSY', runId: 'run-1' });

    await expect(rolling).rejects.toMatchObject({
      name: 'TargetTableBusyError',
      message: /^The run run-5 is writing to BUSY/,
    });
    expect(await idsIn('BUSY_CURRENT')).toEqual([3, 103]);
  });
});
