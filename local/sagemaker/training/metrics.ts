import type { MetricDefinition } from './request.ts';
import type { TrainingJob } from './training-job.ts';

/** Patterns are the user's; a short line keeps even a careless one fast. */
const MAX_SCANNED_CHARACTERS = 4_096;

/** Looks for metrics in a job's log as it is written; the last value of each counts. */
export const metricScanner = (definitions: readonly MetricDefinition[]) => {
  const patterns = definitions.map(({ Name, Regex }) => ({ Name, regex: new RegExp(Regex) }));
  const found = new Map<string, { readonly Value: number; readonly Timestamp: Date }>();
  return {
    scan(lines: readonly string[]) {
      for (const { Name, regex } of patterns) {
        for (const line of lines) {
          const match = regex.exec(line.slice(0, MAX_SCANNED_CHARACTERS));
          const Value = Number(match?.[1] ?? Number.NaN);
          if (Number.isFinite(Value)) found.set(Name, { Value, Timestamp: new Date() });
        }
      }
    },
    /** Nothing at all when no metric was ever seen. */
    found: (): Pick<TrainingJob, 'FinalMetricDataList'> =>
      found.size === 0
        ? {}
        : { FinalMetricDataList: [...found].map(([MetricName, metric]) => ({ MetricName, ...metric })) },
  };
};
