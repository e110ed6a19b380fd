import { z } from 'zod';

/** JSON has no NaN and no infinities; a training script may print them all the same. */
const MetricValue = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);

/** The last value of each metric that a training job printed, by name. */
export const Metrics = z.record(z.string(), MetricValue);
export type Metrics = z.infer<typeof Metrics>;

/** Takes the metrics of DescribeTrainingJob's FinalMetricDataList. */
export const metricsOf = (
  finalMetrics: readonly { readonly MetricName?: string | undefined; readonly Value?: number | undefined }[] = [],
): Metrics =>
  Object.fromEntries(
    finalMetrics
      .filter(({ MetricName, Value }) => MetricName !== undefined && Value !== undefined)
      .map(({ MetricName, Value }) => [MetricName!, asJson(Value!)]),
  );

const asJson = (value: number): Metrics[string] =>
  Number.isFinite(value) ? value : (String(value) as 'NaN' | 'Infinity' | '-Infinity');
