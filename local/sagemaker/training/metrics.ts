import { createContext, Script } from 'node:vm';
import type { MetricDefinition } from './request.ts';
import type { TrainingJob } from './training-job.ts';

/** A job's log is searched up to here in each line. */
const MAX_SCANNED_CHARACTERS = 4_096;

/** A pattern that needs longer than this for a piece of the log would stop everything else on the laptop. */
const MAX_SCAN_MS = 1_000;

/** For each pattern the last value in `lines`; a script of its own, because only that can be given a time limit. */
const SCAN = new Script(`
  sources.map((source) => {
    const pattern = new RegExp(source);
    return lines.reduce((last, line) => pattern.exec(line)?.[1] ?? last, undefined);
  })
`);

/** Looks for metrics in a job's log as it is written; the last value of each counts. */
export const metricScanner = (definitions: readonly MetricDefinition[], warn: (text: string) => void) => {
  const found = new Map<string, { readonly Value: number; readonly Timestamp: Date }>();
  const scope = createContext({ sources: definitions.map(({ Regex }) => Regex), lines: [] });
  let isScanning = definitions.length > 0;

  const lastValues = (lines: readonly string[]): readonly (string | undefined)[] => {
    scope.lines = lines.map((line) => line.slice(0, MAX_SCANNED_CHARACTERS));
    try {
      return SCAN.runInContext(scope, { timeout: MAX_SCAN_MS }) as (string | undefined)[];
    } catch (error) {
      isScanning = false;
      warn(
        `WARNING: The log is not searched for metrics any more, their patterns can't be used: ${(error as Error).message}`,
      );
      return [];
    }
  };

  return {
    scan(lines: readonly string[]) {
      if (!isScanning) return;
      for (const [index, text] of lastValues(lines).entries()) {
        const Value = Number(text ?? Number.NaN);
        if (Number.isFinite(Value)) found.set(definitions[index]!.Name, { Value, Timestamp: new Date() });
      }
    },
    /** Nothing at all when no metric was ever seen. */
    found: (): Pick<TrainingJob, 'FinalMetricDataList'> =>
      found.size === 0
        ? {}
        : { FinalMetricDataList: [...found].map(([MetricName, metric]) => ({ MetricName, ...metric })) },
  };
};
