import type { Bench, Contender, Staged, StageRequest } from './contenders.ts';
import { CONTENDERS, FEDML } from './contenders.ts';
import { REPEATED } from './rows.ts';
import { checkSameRows } from './same-rows.ts';
import { median } from './statistics.ts';

export interface StagingOptions {
  readonly rowCount: number;
  /** Rounds at each delay; in a round every contender has one turn. */
  readonly rounds: Readonly<Record<number, number>>;
}

export interface StagingRow {
  readonly delayMs: number;
  readonly name: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the warehouse, for encoding and sending. */
  readonly warehouseCpuSeconds: number;
  readonly peakBytes: number;
  readonly largestPeakBytes: number;
  readonly idleBytes: number;
  readonly roundTrips: number;
  /** Medians of what the rounds gave against FedML in the same round. */
  readonly timesFaster: number;
  readonly memoryShare: number;
}

export interface StagingResult {
  readonly rowCount: number;
  readonly checked: readonly Checked[];
  readonly rows: readonly StagingRow[];
}

/** What the untimed round, in which the warehouse computes everything for the first time, showed of a contender. */
export interface Checked {
  readonly name: string;
  readonly stagedBytes: number;
  readonly warehouseCpuSeconds: number;
}

/** Stages the same view by every contender: first each is checked, then all are timed in turns. */
export const benchStaging = async (bench: Bench, { rowCount, rounds }: StagingOptions): Promise<StagingResult> => {
  const view = REPEATED;
  const checked: Checked[] = [];
  for (const contender of CONTENDERS) {
    const staged = await turn(bench, contender, { view, rowCount, delayMs: 0 });
    const stagedBytes = await checkSameRows(bench.objectStore, staged.uris, {
      format: contender.format,
      rowCount,
      folder: bench.standIns.folder,
    });
    checked.push({ name: contender.name, stagedBytes, warehouseCpuSeconds: staged.warehouseCpuSeconds });
    await remove(bench, staged);
  }
  const rows: StagingRow[] = [];
  for (const [delay, roundCount] of Object.entries(rounds)) {
    rows.push(...(await atDelay(bench, view, rowCount, Number(delay), roundCount)));
  }
  return { rowCount, checked, rows };
};

interface Turn extends Staged {
  readonly roundTrips: number;
  readonly warehouseCpuSeconds: number;
}

const atDelay = async (
  bench: Bench,
  view: string,
  rowCount: number,
  delayMs: number,
  roundCount: number,
): Promise<StagingRow[]> => {
  const turns = new Map<string, Turn[]>(CONTENDERS.map(({ name }) => [name, []]));
  for (let round = 0; round < roundCount; round++) {
    for (const contender of round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed()) {
      const staged = await turn(bench, contender, { view, rowCount, delayMs });
      if (staged.rowCount !== rowCount)
        throw new Error(`${contender.name} staged ${staged.rowCount} of ${rowCount} rows.`);
      turns.get(contender.name)!.push(staged);
      await remove(bench, staged);
    }
    console.log(`staging at ${delayMs} ms: round ${round + 1} of ${roundCount}`);
  }
  const fedml = turns.get(FEDML)!;
  return [...turns].map(([name, of]) => {
    const middle = (value: (turn: Turn, round: number) => number): number => median(of.map(value));
    return {
      delayMs,
      name,
      seconds: middle(({ seconds }) => seconds),
      cpuSeconds: middle(({ cpuSeconds }) => cpuSeconds),
      warehouseCpuSeconds: middle(({ warehouseCpuSeconds }) => warehouseCpuSeconds),
      peakBytes: middle(({ peakBytes }) => peakBytes),
      largestPeakBytes: middle(({ largestPeakBytes, peakBytes }) => largestPeakBytes ?? peakBytes),
      idleBytes: middle(({ idleBytes }) => idleBytes),
      roundTrips: middle(({ roundTrips }) => roundTrips),
      timesFaster: middle(({ seconds }, round) => fedml[round]!.seconds / seconds),
      memoryShare: middle(({ peakBytes }, round) => peakBytes / fedml[round]!.peakBytes),
    };
  });
};

let turnCount = 0;

const turn = async (bench: Bench, contender: Contender, request: Omit<StageRequest, 'runId'>): Promise<Turn> => {
  const before = await bench.standIns.countersAt(request.delayMs);
  turnCount += 1;
  const staged = await contender.stage(bench, { ...request, runId: `turn-${turnCount}` });
  const after = await bench.standIns.countersAt(request.delayMs);
  return {
    ...staged,
    roundTrips: after.roundTrips - before.roundTrips,
    warehouseCpuSeconds: after.cpuSeconds - before.cpuSeconds,
  };
};

const remove = async ({ objectStore }: Bench, { uris }: Staged): Promise<void> => {
  for (const uri of uris) for await (const object of objectStore.list(uri)) await objectStore.delete(object.uri);
};
