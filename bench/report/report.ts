import { cpus, totalmem } from 'node:os';
import { OURS } from '../contenders.ts';
import type { SlopePoint } from '../slope.ts';
import type { StagingResult } from '../staging.ts';
import type { WriteBackResult } from '../write-back.ts';
import { goalsTable } from './goals.ts';
import type { Results } from './results.ts';
import { count, megabytes, seconds, table, times } from './table.ts';

/** The numbers of one run, as Markdown. */
export const report = (results: Results): string =>
  [
    `${machine()}, ${new Date().toISOString().slice(0, 10)}, ${results.mode} mode.`,
    '### Goals',
    results.mode === 'full'
      ? 'Set for these sizes.'
      : 'They are set for the sizes of the full run; fewer rows leave more of the fixed costs in the ratios.',
    goalsTable(results),
    `### Staging ${count(results.staging.rowCount)} rows of ten columns`,
    'Medians; the ratios are medians of what each round gave. Every contender staged the same rows, which was checked before. Memory is the peak of the process, for ours of all functions together and, in brackets, of the largest.',
    stagingTable(results.staging),
    'The warehouse computes what a query asks once, in an untimed round: HANA has cores of its own for that, and the stand-in would take those of its clients. This is what that round cost it, and how many bytes were staged.',
    checkedTable(results.staging),
    `### Writing ${count(results.writeBack.rowCount)} predictions back`,
    `FedML wrote ${count(results.writeBack.fedmlRowCount)} rows; its time for all of them is **extrapolated** from these, since each row costs it one statement.`,
    writeBackTable(results.writeBack),
    '### Growth with the rows',
    'Ours, all partitions through one function at 0 ms.',
    slopeTable(results.slope),
  ].join('\n\n');

const machine = (): string => {
  const [cpu] = cpus();
  return `${cpus().length} cores (${cpu?.model.trim()}), ${count(totalmem() / 1e9)} GB, ${process.platform}, Node ${process.version}`;
};

const stagingTable = ({ rows }: StagingResult): string =>
  table(
    [
      'delay a reply',
      'contender',
      'seconds',
      'times FedML',
      'CPU s',
      'warehouse CPU s',
      'peak MB',
      'of FedML',
      'round trips',
    ],
    rows.map((row) => [
      `${row.delayMs} ms`,
      row.name,
      seconds(row.seconds),
      times(row.timesFaster),
      seconds(row.cpuSeconds),
      seconds(row.warehouseCpuSeconds),
      row.largestPeakBytes === row.peakBytes
        ? megabytes(row.peakBytes)
        : `${megabytes(row.peakBytes)} (${megabytes(row.largestPeakBytes)})`,
      row.memoryShare.toFixed(2),
      count(row.roundTrips),
    ]),
  );

const checkedTable = ({ checked }: StagingResult): string => {
  const csvBytes = checked.find(({ name }) => name === OURS)?.stagedBytes ?? Number.NaN;
  return table(
    ['contender', 'staged MB', 'of our CSV', 'warehouse CPU s, computing'],
    checked.map(({ name, stagedBytes, warehouseCpuSeconds }) => [
      name,
      megabytes(stagedBytes),
      (stagedBytes / csvBytes).toFixed(2),
      seconds(warehouseCpuSeconds),
    ]),
  );
};

const writeBackTable = ({ rows }: WriteBackResult): string =>
  table(
    [
      'delay a reply',
      'ours, seconds',
      'ours, round trips',
      'FedML, ms a row',
      'FedML, trips a row',
      'FedML, seconds (extrapolated)',
      'times FedML',
    ],
    rows.map((row) => [
      `${row.delayMs} ms`,
      seconds(row.oursSeconds),
      count(row.oursRoundTrips),
      row.fedmlMillisPerRow.toFixed(1),
      row.fedmlRoundTripsPerRow.toFixed(2),
      seconds(row.fedmlExtrapolatedSeconds),
      times(row.timesFaster),
    ]),
  );

const slopeTable = (points: readonly SlopePoint[]): string =>
  table(
    ['rows', 'partitions', 'seconds', 'µs a row', 'peak MB', 'above idle'],
    points.map(({ rowCount, partitionCount, seconds: taken, peakBytes, idleBytes }) => [
      count(rowCount),
      count(partitionCount),
      seconds(taken),
      ((taken / rowCount) * 1e6).toFixed(1),
      megabytes(peakBytes),
      megabytes(peakBytes - idleBytes),
    ]),
  );
