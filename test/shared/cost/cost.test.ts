import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { costOf } from '#shared/cost/cost.ts';
import { LIST_PRICES, parsePrices } from '#shared/cost/prices.ts';
import { estimatedCalls, FUNCTION_STATES, STATES, usageOfRun } from '#shared/cost/usage.ts';
import type { RunRecord } from '#shared/pipeline/run-record.ts';
import { definitionOf } from '#test/shared/pipeline/fixture.ts';

const PRICES = { ...LIST_PRICES, instanceHour: { 'ml.m5.large': 0.36 } };

const recordOf = (changes: Partial<RunRecord> = {}, settings: object = {}): RunRecord =>
  ({
    reused: {},
    definition: definitionOf(settings),
    datasets: { train: { partCount: 3 }, test: { partCount: 1 } },
    training: { evaluation: { billableSeconds: 100 } },
    prediction: {},
    ...changes,
  }) as RunRecord;

describe('what a run costs', () => {
  it('is its instances by the second, each of them, and its functions and transitions', () => {
    const usage = usageOfRun(recordOf({}, { training: { instanceCount: 2 } }));
    const { lines, total } = costOf(usage, PRICES);

    expect(lines[0]).toEqual({ what: 'training', amount: '2 × ml.m5.large × 100 s', cost: expect.closeTo(0.02, 10) });
    expect(lines[2]!.cost).toBeCloseTo(((STATES + 36) * 0.025) / 1000, 10);
    expect(total).toBeCloseTo(
      lines.reduce((sum, { cost }) => sum + cost!, 0),
      10,
    );
  });

  it('leaves out a training and a transform that were taken over', () => {
    const settings = { prediction: undefined };
    const reused = recordOf({ reused: { model: { runUri: 's3://b/runs/p/r/', because: 'the same' } } }, settings);

    expect(usageOfRun(reused).instances).toEqual([]);
  });

  it('counts a training that failed by what SageMaker says, and says nothing where nobody knows', () => {
    const failed = recordOf({ training: {} });

    expect(usageOfRun(failed, { trainingSeconds: 40 }).instances).toMatchObject([{ what: 'training', seconds: 40 }]);
    expect(usageOfRun(failed).instances).toEqual([]);
  });

  it('has no number for an instance without a price, and says so', () => {
    const usage = {
      ...estimatedCalls(0),
      instances: [{ what: 'training', instanceType: 'ml.toString', instanceCount: 1, seconds: 9 }],
    };
    const { lines, notCounted } = costOf(usage, PRICES);

    expect(lines[0]!.cost).toBeUndefined();
    expect(notCounted[0]).toBe('no price is known for 1 × ml.toString × 9 s: name a table that has it');
  });

  it('tells of an endpoint, which it can’t count', () => {
    expect(costOf(usageOfRun(recordOf()), PRICES).notCounted.join()).toMatch(/an endpoint on instances/);
  });
});

it('knows how many states there are', () => {
  const folder = join(import.meta.dirname, '..', '..', '..', 'statemachines');
  const files = readdirSync(folder).filter((file) => file.endsWith('.asl.json'));
  const states = files.flatMap((file) => statesIn(JSON.parse(readFileSync(join(folder, file), 'utf8'))));

  expect(files).toHaveLength(5);
  expect([states.length, states.filter((state) => state.includes('FunctionArn}')).length]).toEqual([
    STATES,
    FUNCTION_STATES,
  ]);
});

interface States {
  readonly States: Readonly<Record<string, { readonly ItemProcessor?: States }>>;
}

const statesIn = ({ States: states }: States): string[] =>
  Object.values(states).flatMap(({ ItemProcessor, ...state }) => [
    JSON.stringify(state),
    ...(ItemProcessor ? statesIn(ItemProcessor) : []),
  ]);

describe('a table of prices', () => {
  it('of the repository has a day and sources', () => {
    expect(LIST_PRICES.sources.every((source) => source.startsWith('https://aws.amazon.com/'))).toBe(true);
    expect(Date.parse(LIST_PRICES.asOf)).toBeLessThan(Date.now());
  });

  it('of one’s own is refused with all its mistakes at once', () => {
    const text = JSON.stringify({ ...LIST_PRICES, asOf: 'yesterday', functionGbSecond: -1, surprise: 1 });

    expect(() => parsePrices(text, 'mine.json')).toThrow(/mine\.json.*asOf|surprise/s);
    expect(() => parsePrices(text, 'mine.json')).toThrow(/functionGbSecond/);
    expect(() => parsePrices('{', 'mine.json')).toThrow(/not JSON/);
  });
});
