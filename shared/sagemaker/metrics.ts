import { z } from 'zod';

/** The last value of each metric that a training job printed, by name; null for NaN and infinities, which JSON hasn't. */
export const Metrics = z.record(z.string(), z.number().nullable());
export type Metrics = z.infer<typeof Metrics>;

/** Takes the metrics of DescribeTrainingJob's FinalMetricDataList. */
export const metricsOf = (
  finalMetrics: readonly { readonly MetricName?: string | undefined; readonly Value?: number | undefined }[] = [],
): Metrics =>
  Object.fromEntries(
    finalMetrics
      .filter(({ MetricName, Value }) => MetricName !== undefined && Value !== undefined)
      .map(({ MetricName, Value }) => [MetricName!, Number.isFinite(Value) ? Value! : null]),
  );
