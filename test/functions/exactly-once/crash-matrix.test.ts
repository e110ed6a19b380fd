import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WriteMode } from '#shared/predictions/target-table.ts';
import { crashes, duplicate, type Execution, type Recovery, redrive, retry, whole } from './crash.ts';
import { givenScoredRun, leftBy } from './scored-run.ts';
import { abandon, type WriteVariables, writeBackSteps } from './steps.ts';
import { inMemoryWorld } from './world.ts';

const MODES: readonly WriteMode[] = ['append', 'upsert', 'replace', 'versioned'];
const RECOVERIES: Readonly<Record<string, Recovery>> = { retry, redrive, duplicate };

const given = async (mode: WriteMode) => {
  const world = inMemoryWorld();
  const run = await givenScoredRun(world, { runId: 'run-1', mode });
  const execution: Execution<WriteVariables> = {
    startProcess: world.startProcess,
    steps: writeBackSteps(run, world),
    start: {},
    abandon: (variables, ports) => abandon(run, variables, ports),
  };
  return { execution, left: ({ plan }: WriteVariables) => leftBy(world, run, plan!.writeId) };
};

const givenWhole = async (mode: WriteMode) => {
  const { execution, left } = await given(mode);
  const { effects, variables } = await whole(execution);
  return { effects, expected: await left(variables) };
};

const CASES = MODES.flatMap((mode) => Object.keys(RECOVERIES).map((recovery) => ({ mode, recovery })));

describe('a write that is stopped before any of its side effects, and after the last', () => {
  it.each(CASES)(
    'by $mode and taken up by $recovery leaves what an undisturbed one leaves',
    async ({ mode, recovery }) => {
      const { effects, expected } = await givenWhole(mode);

      for (let at = 0; at <= effects.length; at += 1) {
        const { execution, left } = await given(mode);
        const variables = await RECOVERIES[recovery]!(execution, at);

        expect(await left(variables), `stopped before ${at}: ${effects[at] ?? 'the end'}`).toEqual(expected);
      }
    },
  );

  it('is undisturbed when it leaves the rows of every part once, and the rows that could not be written aside', async () => {
    const { expected } = await givenWhole('append');

    expect(expected.rows).toEqual([
      '[1,0.75,"7","run-0","model-0"]',
      '[2,0.25,"8","run-0","model-0"]',
      '[2,0.5,"9007199254740993","run-1","model-1"]',
      '[3,null,"-1","run-1","model-1"]',
      '[4,0.1,"0","run-1","model-1"]',
    ]);
    expect(expected.ledger).toContain('["run-1","append","model-1",3,1]');
    expect(expected).toMatchObject({ chunks: [], stagedCount: 0, isReserved: false });
    expect(expected.objects['predictions/quarantine/part-00001.csv']).toBe(
      'line,reason,row\n2,"column AMOUNT DECIMAL(18, 0): a number is needed, and there is a text of 4 characters.",5,0.2,many\n',
    );
  });

  it('any number of times, leaves what an undisturbed one leaves', async () => {
    const wholes = new Map(await Promise.all(MODES.map(async (mode) => [mode, await givenWhole(mode)] as const)));
    const life = fc.record({ effects: fc.nat(60), redrive: fc.boolean() });

    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...MODES), fc.array(life, { maxLength: 8 }), async (mode, lives) => {
        const { execution, left } = await given(mode);
        const variables = await crashes(execution, lives);
        expect(await left(variables)).toEqual(wholes.get(mode)!.expected);
      }),
      { numRuns: 300 },
    );
  });
});
