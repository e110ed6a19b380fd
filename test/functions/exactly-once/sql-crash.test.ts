import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaptopHanaEngine } from '#local/hana/sql/engine.ts';
import type { WriteMode } from '#shared/predictions/target-table.ts';
import { duplicate, type Execution, redrive, retry, whole } from './crash.ts';
import { openEngine } from './engine-connections.ts';
import { forget, givenScoredRun, leftBy } from './scored-run.ts';
import { abandon, type WriteVariables, writeBackSteps } from './steps.ts';
import { sqlWorld } from './world.ts';

/** They change nothing: stopped before one, a process leaves what it would leave before the next. */
const READS = /^(connect|get|list|tableOf|tablesOlderThan|find|count|sumsBy|leaseOwners|forbidDdl)/;

const MODES: readonly WriteMode[] = ['append', 'upsert', 'replace', 'versioned'];
const RECOVERIES = Object.entries({ retry, redrive, duplicate });
/** Each stop is taken up in one of the three ways, the next stop in the next: all of them are held to the in-memory matrix. */
const recoveryAt = (at: number) => RECOVERIES[at % RECOVERIES.length]!;

describe("a write over HANA's transactions and locks that is stopped before any change", () => {
  let engine: LaptopHanaEngine;
  beforeAll(async () => {
    engine = await openEngine();
  });
  afterAll(() => engine.close());

  const given = async (mode: WriteMode) => {
    const world = sqlWorld(engine);
    const run = await givenScoredRun(world, { runId: 'run-1', mode });
    const execution: Execution<WriteVariables> = {
      startProcess: world.startProcess,
      steps: writeBackSteps(run, world),
      start: {},
      abandon: (variables, ports) => abandon(run, variables, ports),
    };
    const leave = async ({ plan }: WriteVariables) => {
      const left = await leftBy(world, run, plan!.writeId);
      const current = mode === 'versioned' ? await currentRows() : [];
      await forget(world, run.table, plan!.writeId);
      return { ...left, current };
    };
    return { execution, leave };
  };

  const currentRows = async (): Promise<unknown> => {
    const session = await engine.openSession('SPACE#USER');
    const statement = await session.prepare('SELECT "ID", "RUN_ID" FROM "SCORES_CURRENT" ORDER BY "ID"');
    const result = await statement.execute([[]], { autocommit: true });
    const chunk = result.kind === 'cursor' ? await result.cursor.nextChunk() : undefined;
    const rows = chunk?.getRows().map((row) => row.map(String));
    await session.close();
    await engine.administration.execute('DROP VIEW "SPACE#USER"."SCORES_CURRENT"');
    return rows;
  };

  it.each(MODES)('by %s, leaves what an undisturbed one leaves', { timeout: 60_000 }, async (mode) => {
    const reference = await given(mode);
    const { effects, variables } = await whole(reference.execution);
    const expected = await reference.leave(variables);
    const publishing = effects.lastIndexOf('connect to write', effects.lastIndexOf('commit'));
    const first = mode === 'append' ? 0 : publishing;
    const stops = [...effects.keys()].filter((at) => at >= first && !READS.test(effects[at]!));

    for (const [index, at] of [...stops, effects.length].entries()) {
      const [name, recover] = recoveryAt(index);
      const { execution, leave } = await given(mode);
      const end = await recover(execution, at);

      expect(await leave(end), `${name} after a stop before ${at}: ${effects[at] ?? 'the end'}`).toEqual(expected);
    }
  });
});
