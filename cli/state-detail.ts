import { runIdOf } from '#shared/pipeline/run.ts';
import { count, counted } from './format.ts';
import type { StateChange } from './state-changes.ts';

/** What a state's result says in a few words; nothing for a state that is known by its name alone. */
export const stateDetail = ({ kind, state, result }: StateChange): string =>
  kind === 'exited' ? (DETAILS[state]?.(result as never) ?? '') : '';

interface Counted {
  readonly rowCount: number;
}

/** By the state's name, from what its function answers. */
const DETAILS: Readonly<Record<string, (result: never) => string>> = {
  PlanPartitions: ({ partitionCount, rowCount }: Counted & { partitionCount: number }) =>
    partitionCount === 0 && rowCount > 0
      ? `${counted(rowCount, 'row')} that an earlier run staged`
      : `${counted(rowCount, 'row')} in ${counted(partitionCount, 'partition')}`,
  SealDataset: ({ sealed, next }: { sealed?: Record<string, Counted>; next?: { partitionCount: number } }) =>
    sealed
      ? Object.entries(sealed)
          .map(([name, { rowCount }]) => `${counted(rowCount, 'row')} to ${name}`)
          .join(', ')
      : `${counted(next!.partitionCount, 'partition')} to read again`,
  FindModel: ({ reused, because }: { reused: { runUri: string } | null; because: string }) =>
    reused ? `model reused from run ${runIdOf(reused.runUri)}: ${because}` : `has to train: ${because}`,
  EvaluateModel: ({ metrics }: { metrics: Record<string, number | null> }) => metricsText(metrics),
  SmokeTest: ({ rowCount }: Counted) => `${counted(rowCount, 'row')} answered`,
  PlanScoring: ({ reused }: { reused: { runUri: string; because: string } | null }) =>
    reused ? `predictions reused from run ${runIdOf(reused.runUri)}: ${reused.because}` : '',
  PlanWrite: ({ partCount }: { partCount: number }) => counted(partCount, 'part'),
  PublishPredictions: ({ rowCount, table }: Counted & { table: string }) => `${count(rowCount)} rows in ${table}`,
};

/** `auc 0.6762, accuracy 0.9` */
export const metricsText = (metrics: Readonly<Record<string, number | null>>): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${value ?? 'none'}`)
    .join(', ') || 'no metrics';
