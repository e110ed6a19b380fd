import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './contenders.ts';
import type { Measurement } from './measured.ts';
import { writeOurs } from './ours/write.ts';
import { runProcess } from './run-process.ts';
import { median } from './statistics.ts';

export interface WriteBackOptions {
  readonly rowCount: number;
  /** FedML writes so many, and its time for `rowCount` is extrapolated: each row costs it the same. */
  readonly fedmlRowCount: number;
  readonly rounds: Readonly<Record<number, number>>;
}

export interface WriteBackRow {
  readonly delayMs: number;
  readonly oursSeconds: number;
  readonly oursRoundTrips: number;
  readonly fedmlMillisPerRow: number;
  readonly fedmlRoundTripsPerRow: number;
  readonly fedmlExtrapolatedSeconds: number;
  /** Median over the rounds. */
  readonly timesFaster: number;
}

export interface WriteBackResult extends WriteBackOptions {
  readonly rows: readonly WriteBackRow[];
}

/** Parts of the size that a batch transform leaves. */
const ROWS_PER_PART = 25_000;
const ENVIRONMENT_COUNT = 2;

/** Writes predictions into a table of the warehouse: the product all of them, FedML some, in turns. */
export const benchWriteBack = async (bench: Bench, options: WriteBackOptions): Promise<WriteBackResult> => {
  await checkBoth(bench);
  const rows: WriteBackRow[] = [];
  for (const [delay, roundCount] of Object.entries(options.rounds)) {
    rows.push(await atDelay(bench, options, Number(delay), roundCount));
  }
  return { ...options, rows };
};

/** The same predictions must be in both tables before anything is timed. */
const checkBoth = async (bench: Bench): Promise<void> => {
  const ours = await writeByUs(bench, 500, 0);
  const fedml = await writeByFedml(bench, 500, 0);
  const stored = (table: string) =>
    bench.standIns.query(`SELECT "ID", "PROBABILITY" FROM "BENCH#USER"."${table}" ORDER BY "ID"`);
  const [one, other] = [JSON.stringify(await stored(ours.table)), JSON.stringify(await stored(fedml.table))];
  const expected = JSON.stringify(Array.from({ length: 500 }, (_, id) => [String(id), String(probability(id))]));
  if (one !== expected || other !== expected)
    throw new Error('The tables that were written differ from the predictions.');
};

const atDelay = async (
  bench: Bench,
  { rowCount, fedmlRowCount }: WriteBackOptions,
  delayMs: number,
  roundCount: number,
): Promise<WriteBackRow> => {
  const ours: Written[] = [];
  const fedml: Written[] = [];
  for (let round = 0; round < roundCount; round++) {
    const turns = [
      async () => ours.push(await writeByUs(bench, rowCount, delayMs)),
      async () => fedml.push(await writeByFedml(bench, fedmlRowCount, delayMs)),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
    console.log(`write-back at ${delayMs} ms: round ${round + 1} of ${roundCount}`);
  }
  const extrapolated = fedml.map(({ seconds }) => (seconds / fedmlRowCount) * rowCount);
  return {
    delayMs,
    oursSeconds: median(ours.map(({ seconds }) => seconds)),
    oursRoundTrips: median(ours.map(({ roundTrips }) => roundTrips)),
    fedmlMillisPerRow: median(fedml.map(({ seconds }) => (seconds / fedmlRowCount) * 1000)),
    fedmlRoundTripsPerRow: median(fedml.map(({ roundTrips }) => roundTrips / fedmlRowCount)),
    fedmlExtrapolatedSeconds: median(extrapolated),
    timesFaster: median(ours.map(({ seconds }, round) => extrapolated[round]! / seconds)),
  };
};

interface Written extends Measurement {
  readonly table: string;
  readonly roundTrips: number;
}

let tableCount = 0;

const intoTable = async (
  { standIns }: Bench,
  delayMs: number,
  write: (table: string) => Promise<Measurement>,
): Promise<Written> => {
  tableCount += 1;
  const table = `WRITTEN_${tableCount}`;
  const before = await standIns.countersAt(delayMs);
  const measurement = await write(table);
  const after = await standIns.countersAt(delayMs);
  return { ...measurement, table, roundTrips: after.roundTrips - before.roundTrips };
};

const writeByUs = (bench: Bench, rowCount: number, delayMs: number): Promise<Written> =>
  intoTable(bench, delayMs, (table) => {
    const starts = Array.from({ length: Math.ceil(rowCount / ROWS_PER_PART) }, (_, part) => part * ROWS_PER_PART);
    const parts = starts.map((start) => linesOf(start, Math.min(start + ROWS_PER_PART, rowCount)));
    const request = { parts, rowCount, table, delayMs, environmentCount: ENVIRONMENT_COUNT };
    return writeOurs(bench.standIns, bench.objectStore, request);
  });

const writeByFedml = (bench: Bench, rowCount: number, delayMs: number): Promise<Written> =>
  intoTable(bench, delayMs, async (table) => {
    const { standIns, python } = bench;
    const folder = await mkdtemp(join(standIns.folder, 'work-'));
    try {
      const file = join(folder, 'predictions.csv');
      await writeFile(file, linesOf(0, rowCount));
      const script = join(import.meta.dirname, 'baselines/fedml/write.py');
      const settings = { warehouse: standIns.configAt(delayMs), folder, file, table };
      return await runProcess(python, script, settings, standIns.environment);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

/** Half-open, as a slice. */
const linesOf = (start: number, end: number): string =>
  Array.from({ length: end - start }, (_, index) => `${start + index},${probability(start + index)}\n`).join('');

const probability = (id: number): number => ((id * 7919) % 10_007) / 10_007;
