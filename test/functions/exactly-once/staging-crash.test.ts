import { describe, expect, it } from 'vitest';
import type { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { inMemoryWarehouse } from '#test/shared/warehouse/in-memory.ts';
import { duplicate, type Execution, type Recovery, redrive, retry, whole } from './crash.ts';
import { neutral } from './scored-run.ts';
import { type StagingVariables, stagingSteps } from './steps.ts';

const RECOVERIES: Readonly<Record<string, Recovery>> = { retry, redrive, duplicate };
const PURPOSES: readonly StagingPurpose[] = ['training', 'scoring'];
const CASES = PURPOSES.flatMap((purpose) => Object.keys(RECOVERIES).map((recovery) => ({ purpose, recovery })));

const given = async (purpose: StagingPurpose) => {
  const columns = [columnOfType('ID', 'BIGINT'), columnOfType('NOTE', 'NVARCHAR(20)'), columnOfType('LATE', 'INTEGER')];
  const rows = Array.from({ length: 40 }, (_, id) => [id, id % 7 === 0 ? null : `note ${id}`, id % 2]);
  const objectStore = inMemoryObjectStore();
  const warehouse = inMemoryWarehouse({ V_TRAINING: { columns, rows }, V_NEW: { columns, rows } });
  const ports = { objectStore, warehouse };
  const prediction = {
    source: { view: 'V_NEW', key: ['ID'] },
    columns: [{ name: 'SCORE', type: 'DOUBLE' }],
    target: { table: 'SCORES' },
  };
  await givenRun(objectStore, { settings: { prediction } });
  const execution: Execution<StagingVariables> = {
    startProcess: () => ({ ...ports, drop: async () => undefined }),
    steps: stagingSteps(RUN_URI, purpose, ports),
    start: {},
  };
  const left = (): Record<string, string> =>
    Object.fromEntries([...objectStore.objects.keys()].map((uri) => [uri, neutral(objectStore.objects.get(uri)!)]));
  return { execution, left };
};

describe('a staging that is stopped before any of its side effects, and after the last', () => {
  it.each(CASES)('for $purpose and taken up by $recovery leaves the same objects', async ({ purpose, recovery }) => {
    const reference = await given(purpose);
    const { effects } = await whole(reference.execution);
    const expected = reference.left();

    for (let at = 0; at <= effects.length; at += 1) {
      const { execution, left } = await given(purpose);
      await RECOVERIES[recovery]!(execution, at);

      expect(left(), `stopped before ${at}: ${effects[at] ?? 'the end'}`).toEqual(expected);
    }
  });
});
