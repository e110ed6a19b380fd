import { Metrics } from '@aws-lambda-powertools/metrics';

/** Counts that alarms and dashboards go by: a log line in CloudWatch's embedded metric format, made by `step()`. */
export const metrics = new Metrics({ namespace: 'FedML' });
