import { FEDML, OURS, OURS_AS_PARQUET, OURS_IN_LAMBDA } from '../contenders.ts';
import type { StagingRow } from '../staging.ts';
import type { Results } from './results.ts';
import { count, megabytes, table, times } from './table.ts';

interface Goal {
  readonly what: string;
  readonly wanted: string;
  readonly reached: string;
  readonly isMet: boolean;
  /** What was measured about the gap when it isn't met. It was not tested by taking it away, so that it is no proof of the cause. */
  readonly bound: string;
}

/** Says of every goal whether these numbers meet it. */
export const goalsTable = (results: Results): string =>
  table(
    ['goal', 'wanted', 'reached', 'met', 'what this run shows about the gap'],
    goalsOf(results).map(({ what, wanted, reached, isMet, bound }) => [
      what,
      wanted,
      reached,
      isMet ? 'yes' : 'NO',
      isMet ? '' : bound,
    ]),
  );

const goalsOf = ({ staging, writeBack, slope }: Results): Goal[] => {
  const goals: Goal[] = [];
  const rows = count(staging.rowCount);
  for (const [delayMs, wanted] of [
    [10, 10],
    [0, 3],
  ] as const) {
    const rowOf = (name: string) => staging.rows.find((row) => row.name === name && row.delayMs === delayMs);
    const [row, inLambda, fedml] = [rowOf(OURS), rowOf(OURS_IN_LAMBDA), rowOf(FEDML)];
    if (!row || !inLambda || !fedml) continue;
    goals.push({
      what: `staging ${rows} rows at ${delayMs} ms, 2 functions on the laptop's cores`,
      wanted: `${wanted}x FedML`,
      reached: times(row.timesFaster),
      isMet: row.timesFaster >= wanted,
      bound: cpuBound(row, fedml),
    });
    goals.push({
      what: `staging ${rows} rows at ${delayMs} ms, 16 functions with a core each (calculated)`,
      wanted: `${wanted}x FedML`,
      reached: times(inLambda.timesFaster),
      isMet: inLambda.timesFaster >= wanted,
      bound: `planning, the slowest partition and sealing take ${inLambda.seconds.toFixed(2)} s`,
    });
    if (delayMs !== 10) continue;
    goals.push(
      memoryGoal(`memory of staging ${rows} rows, the largest function`, row.largestPeakBytes / fedml.peakBytes, row),
      memoryGoal(`memory of staging ${rows} rows, all functions together`, row.memoryShare, row),
    );
  }
  const parquetShare = bytesOf(staging, OURS_AS_PARQUET) / bytesOf(staging, OURS);
  goals.push({
    what: 'bytes staged as Parquet',
    wanted: '1/5 of CSV',
    reached: `1/${(1 / parquetShare).toFixed(1)}`,
    isMet: parquetShare <= 1 / 5,
    bound: 'columns whose values all differ (BIG, AMOUNT, RATIO, CODE, MOMENT) leave zstd little to find',
  });
  const written = writeBack.rows.find(({ delayMs }) => delayMs === 10);
  if (written) {
    goals.push({
      what: `write-back of ${count(writeBack.rowCount)} predictions at 10 ms`,
      wanted: '300x FedML (extrapolated)',
      reached: times(written.timesFaster),
      isMet: written.timesFaster >= 300,
      bound: `${count(written.oursRoundTrips)} round trips are at most ${(written.oursRoundTrips / 100).toFixed(1)} of ${written.oursSeconds.toFixed(1)} s; the rest was not taken apart`,
    });
  }
  const aboveIdle = Math.max(...slope.map(({ peakBytes, idleBytes }) => peakBytes - idleBytes));
  goals.push({
    what: `memory of a function above idle, up to ${count(slope.at(-1)!.rowCount)} rows`,
    wanted: '150 MB',
    reached: `${count(aboveIdle / 1e6)} MB`,
    isMet: aboveIdle <= 150e6,
    bound: 'not taken apart here',
  });
  return goals;
};

const memoryGoal = (what: string, share: number, { idleBytes }: StagingRow): Goal => ({
  what,
  wanted: '1/5 of FedML',
  reached: `1/${(1 / share).toFixed(1)}`,
  isMet: share <= 1 / 5,
  bound: `both functions together have ${megabytes(idleBytes)} MB before they have read a row; what rows add is under "Growth with the rows"`,
});

const bytesOf = ({ checked }: Results['staging'], contender: string): number =>
  checked.find(({ name }) => name === contender)?.stagedBytes ?? Number.NaN;

const cpuBound = (ours: StagingRow, fedml: StagingRow): string =>
  `ours takes ${ours.cpuSeconds.toFixed(1)} s of CPU and FedML ${fedml.cpuSeconds.toFixed(1)} (${times(fedml.cpuSeconds / ours.cpuSeconds)}), so that two cores are at most ${times((2 * fedml.cpuSeconds) / ours.cpuSeconds)} faster, less what the stand-ins take of them (the warehouse ${ours.warehouseCpuSeconds.toFixed(1)} s)`;
