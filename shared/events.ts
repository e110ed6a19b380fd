import { z } from 'zod';
import { PipelineName } from '#shared/pipeline/definition.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { RunMode } from '#shared/pipeline/run-mode.ts';
import { Metrics } from '#shared/sagemaker/metrics.ts';

export const EVENT_SOURCE = 'fedml.serverless';

const ended = {
  runUri: RunUri.nullable(),
  executionArn: z.string(),
  pipeline: PipelineName.nullable(),
  mode: RunMode.nullable(),
};

const failed = z.strictObject({ ...ended, error: z.string(), cause: z.string() });

/** The details of the project's own events, by their detail types. Other teams build on them: fields are added, never changed. */
export const EVENT_DETAILS = {
  'Run Started': z.strictObject({
    runUri: RunUri,
    executionArn: z.string(),
    pipeline: PipelineName,
    mode: RunMode,
  }),
  'Run Succeeded': z.strictObject(ended),
  'Run Failed': failed,
  'Run Gate Not Passed': failed,
  'Run Stopped': z.strictObject({
    ...ended,
    outcome: z.enum(['stopped', 'timedOut']),
    error: z.string(),
    cause: z.string(),
  }),
  'Run Skipped': z.strictObject({
    runId: z.string(),
    pipeline: PipelineName,
    mode: RunMode,
    trigger: z.string(),
    occurrence: z.string(),
    going: z.array(z.string()),
  }),
  'Approval Requested': z.strictObject({
    runUri: RunUri,
    modelRecordUri: z.string(),
    modelPackageArn: z.string(),
    metrics: Metrics,
  }),
  'Model Registered': z.strictObject({
    runUri: RunUri,
    trainingJobName: z.string(),
    modelRecordUri: z.string(),
    metrics: Metrics,
  }),
  'Endpoint Deployed': z.strictObject({
    runUri: RunUri,
    endpointName: z.string(),
    endpointConfigName: z.string(),
    modelRecordUri: z.string(),
  }),
  'Kyma Deployed': z.strictObject({
    runUri: RunUri,
    url: z.url(),
    imageUri: z.string(),
    modelRecordUri: z.string(),
  }),
  'Predictions Written': z.strictObject({
    runUri: RunUri,
    schema: z.string(),
    table: z.string(),
    rowCount: z.int().nonnegative(),
    writeId: z.string(),
  }),
} as const;

export type DetailType = keyof typeof EVENT_DETAILS;
export type EventDetail<T extends DetailType> = z.infer<(typeof EVENT_DETAILS)[T]>;
