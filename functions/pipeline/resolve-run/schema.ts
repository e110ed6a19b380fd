import { z } from 'zod';
import { ExactValue } from '#shared/json/exact-value.ts';
import { PipelineName } from '#shared/pipeline/definition.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { RunMode } from '#shared/pipeline/run-mode.ts';
import { uriIn } from '#shared/store/uri.ts';

/** As CreateTrainingJob takes it. */
export const TrainingJobName = z
  .string()
  .regex(
    /^(?=.{1,63}$)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/,
    'must be the name of a training job: 1-63 letters, digits and hyphens',
  );

export const ResolveRunInput = z.strictObject({
  /** The execution's input as somebody typed it. */
  input: z.unknown(),
  executionArn: z.string().min(1),
  /** Becomes the run's id. */
  executionName: z.string().min(1).max(80),
  startedAt: z.iso.datetime(),
});
export type ResolveRunInput = z.infer<typeof ResolveRunInput>;

export const ResolveRunOutput = z.strictObject({
  runUri: RunUri,
  pipeline: PipelineName,
  mode: RunMode,
  /** Which children the run needs. */
  train: z.boolean(),
  /** The job whose model is deployed without being trained here; null in the other modes. */
  adopt: TrainingJobName.nullable(),
  deploy: z.boolean(),
  predict: z.boolean(),
  deploymentTarget: z.enum(['sagemaker', 'kyma', 'none']),
  /** The model to score with; null when the run trains its own. */
  modelRecordUri: uriIn('models').nullable(),
});
export type ResolveRunOutput = z.infer<typeof ResolveRunOutput>;

/** What a person or another program may ask of the state machine `pipeline`. */
export const ExecutionInput = z
  .strictObject({
    /** May be left out where one pipeline is deployed. */
    pipeline: z.string().min(1).optional(),
    mode: RunMode.default('full'),
    /** With mode `deploy`: whose model is to be deployed. */
    trainingJobName: TrainingJobName.optional(),
    /** Settings of pipeline.yml to replace, by dotted path. */
    overrides: z.record(z.string(), ExactValue).default({}),
    /** Step Functions' own mark of a nested execution. */
    AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: z.string().optional(),
  })
  .refine(({ mode, trainingJobName }) => (mode === 'deploy') === (trainingJobName !== undefined), {
    path: ['trainingJobName'],
    message: 'belongs to mode "deploy", which needs it',
  });
export type ExecutionInput = z.infer<typeof ExecutionInput>;

/** What takes up again a run that failed or was stopped. All else was said when the run was started. */
export const ResumeInput = z.strictObject({
  /** The run's id. */
  resume: z.string().regex(/^[\w-]{1,80}$/, 'must be the id of a run'),
  /** The run's own; by it others see, while it is going, whose run this is. */
  pipeline: PipelineName.optional(),
  AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: z.string().optional(),
});
export type ResumeInput = z.infer<typeof ResumeInput>;
