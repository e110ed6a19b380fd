import { z } from 'zod';
import { ExactValue } from '#shared/json/exact-value.ts';
import { CpuQuantity, MemoryQuantity } from '#shared/kyma/resource-quantities.ts';
import { checkSettings } from '#shared/pipeline/cross-field.ts';
import { MetricRegex } from '#shared/pipeline/metric-regex.ts';
import { PredictionType } from '#shared/pipeline/prediction-type.ts';
import {
  environmentWithin,
  ImageUri,
  KmsKeyId,
  MetricName,
  MODEL_ENVIRONMENT,
  Tags,
  TRAINING_ENVIRONMENT,
  VpcConfig,
} from '#shared/sagemaker/fields.ts';
import { instanceTypeFor } from '#shared/sagemaker/instance-types.ts';
import { Schedule, scheduleId } from '#shared/schedules/schedule.ts';

/** Lower case, because names of endpoints, jobs and Kubernetes objects are made of it; 32 leaves room for a run's suffix. */
export const PipelineName = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/,
    'must be 1-32 lower-case letters, digits or hyphens, starting with a letter',
  );

/** HANA identifiers have up to 127 bytes; NUL can't be quoted. */
const Identifier = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= 127 && !name.includes('\0'), 'must be 1-127 bytes without NUL');

const uniqueIdentifiers = z
  .array(Identifier)
  .min(1)
  .refine((names) => new Set(names).size === names.length, 'names a column twice');

/** A view that the database user can read. Without `schema` it is looked up in the space schema of the warehouse secret. */
const ViewSource = {
  view: Identifier,
  schema: Identifier.optional(),
  /** The columns to read, in this order; all columns of the view when absent. */
  columns: uniqueIdentifiers.optional(),
  /** The columns that identify a row. They decide the train/test split and carry predictions home. */
  key: uniqueIdentifiers,
  /** The column to cut partitions by; one is chosen when absent. */
  splitColumn: Identifier.optional(),
  /** Megabytes of CSV that a partition should have. */
  partSizeMb: z.int().min(1).max(1024).default(192),
  /** Connections that read at once: a space shares its limits with people who wait for their reports. */
  maxConnections: z.int().min(1).max(500).default(8),
  /** What shows that the parts are the view: a checksum of every row, computed by HANA, or the number of rows only. */
  proof: z.enum(['checksum', 'count']).default('checksum'),
  /** What is done about a view that keeps changing while it is read. */
  onChange: z.enum(['fail', 'accept']).default('fail'),
  /** The share of the last run's rows that may be missing before a run is stopped. */
  maxShrink: z.number().min(0).max(1).default(0.9),
  /** A column that grows with every new row: only rows beyond those that have arrived in the table, or in a model, are read. */
  watermark: Identifier.optional(),
};

const TrainingSource = z.strictObject({
  ...ViewSource,
  format: z.enum(['csv', 'parquet']).default('csv'),
  /** `none` or `gzip` for csv; `zstd`, `snappy` or `none` for parquet. The first is the default. */
  compression: z.enum(['none', 'gzip', 'zstd', 'snappy']).optional(),
  /** The column that the model learns to predict. */
  target: Identifier,
  /** CSV parts begin with a line of column names. Scripts in FedML's style expect none. */
  header: z.boolean().default(true),
  split: z
    .strictObject({
      /** The share of rows, by a hash of the key, that is kept for testing. */
      testFraction: z.number().gt(0).lt(1).default(0.2),
      /** Another seed gives another, equally reproducible split. */
      seed: z.string().max(64).default(''),
    })
    .prefault({}),
});

/** CreateTrainingJob takes 100 hyperparameters, five of which are the containers' own, and 2500 characters in each. */
const Hyperparameters = z
  .record(
    z
      .string()
      .min(1)
      .max(256)
      .regex(/^.+$/, 'must be one line')
      .refine((name) => !name.startsWith('sagemaker_'), 'is a name that SageMaker keeps for itself'),
    ExactValue.refine((value) => JSON.stringify(value).length <= 2500, 'has more than 2500 characters as JSON'),
  )
  .refine((values) => Object.keys(values).length <= 95, 'has more than 95 hyperparameters');

/** Limits of CreateTrainingJob's service model. */
const Training = z.strictObject({
  framework: z.enum(['sklearn', 'xgboost', 'pytorch']).default('sklearn'),
  frameworkVersion: z.string().optional(),
  /** An image of your own, in place of framework and version. */
  imageUri: ImageUri.optional(),
  /** The script in the pipeline's folder that SageMaker runs, and that serves the model. */
  entryPoint: z
    .string()
    .regex(/^[\w.-]+\.(py|sh)$/, 'must be a .py or .sh file in the pipeline folder')
    .default('train.py'),
  instanceType: instanceTypeFor('training').default('ml.m5.large'),
  instanceCount: z.int().min(1).max(100).default(1),
  volumeSizeGb: z.int().min(1).max(16_384).default(30),
  maxRuntimeSeconds: z.int().min(1).max(2_419_200).default(3600),
  /** Managed spot instances; the wait counts from the job's start and includes its run time. */
  spot: z.strictObject({ maxWaitSeconds: z.int().min(1).max(2_592_000) }).optional(),
  hyperparameters: Hyperparameters.default({}),
  metrics: z
    .array(z.strictObject({ name: MetricName, regex: MetricRegex }))
    .max(40)
    .default([]),
  environment: environmentWithin(TRAINING_ENVIRONMENT).default({}),
  tags: Tags.default({}),
  vpc: VpcConfig.optional(),
  kmsKeyId: KmsKeyId.optional(),
  networkIsolation: z.boolean().default(false),
});

/** One condition on one metric; the gate is passed when all of them hold. */
const GateRule = z.strictObject({ metric: z.string().min(1), min: z.number().optional(), max: z.number().optional() });

const instancesFor = (purpose: 'endpoint' | 'transform') =>
  z.strictObject({
    type: instanceTypeFor(purpose).default('ml.m5.large'),
    count: z.int().min(1).default(1),
  });

/** `manual`: a model that passed the gate waits until a person approves it in the model registry. */
const Approval = z.enum(['auto', 'manual']).default('auto');

const SageMakerDeployment = z.strictObject({
  target: z.literal('sagemaker'),
  /** The endpoint's name stays the same from run to run, so that its callers needn't be told. When absent: the pipeline's name and the stage's. */
  endpointName: z
    .string()
    .regex(/^(?=.{1,63}$)[a-z0-9](-*[a-z0-9]){0,62}$/, 'must be 1-63 lower-case letters, digits or hyphens')
    .optional(),
  instances: instancesFor('endpoint').optional(),
  serverless: z
    .strictObject({
      memorySizeMb: z.literal([1024, 2048, 3072, 4096, 5120, 6144]).default(2048),
      maxConcurrency: z.int().min(1).max(200).default(5),
    })
    .optional(),
  environment: environmentWithin(MODEL_ENVIRONMENT).default({}),
  approval: Approval,
  /** Rows of the test set that the new model must answer before the deployment counts. */
  smokeTestRows: z.int().min(2).max(1000).default(10),
});

const DnsLabel = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a lower-case DNS label');

const HttpsUrl = z.url({ protocol: /^https$/, error: 'must be an https URL' });

const KymaDeployment = z.strictObject({
  target: z.literal('kyma'),
  namespace: DnsLabel.default('fedml'),
  /** The first label of the URL, `https://<host>.<cluster domain>`. `<pipeline>-<stage>` when absent. */
  host: DnsLabel.optional(),
  /** The Istio gateway, `namespace/name`, that the host is exposed by. */
  gateway: z
    .string()
    .regex(/^[a-z0-9-]{1,63}\/[a-z0-9-]{1,63}$/, 'must be namespace/name')
    .default('kyma-system/kyma-gateway'),
  replicas: z
    .strictObject({ min: z.int().min(1).max(100).default(1), max: z.int().min(1).max(100).default(3) })
    .prefault({}),
  resources: z
    .strictObject({
      requests: z
        .strictObject({ cpu: CpuQuantity.default('250m'), memory: MemoryQuantity.default('512Mi') })
        .prefault({}),
      limits: z.strictObject({ cpu: CpuQuantity.default('1'), memory: MemoryQuantity.default('2Gi') }).prefault({}),
    })
    .prefault({}),
  /** Who may ask for predictions: holders of a token of the issuer, or, in so many words, everybody. */
  auth: z.union([
    z.strictObject({
      jwt: z.strictObject({
        issuer: HttpsUrl,
        jwksUri: HttpsUrl,
        audiences: z.array(z.string().min(1)).min(1).optional(),
        requiredScopes: z.array(z.string().min(1)).min(1).optional(),
      }),
    }),
    z.strictObject({ noAuth: z.literal(true) }),
  ]),
  environment: environmentWithin(MODEL_ENVIRONMENT).default({}),
  /** Images that run without root can't write but to /tmp and their code's folder, unless this is false. */
  readOnlyRootFilesystem: z.boolean().default(true),
  approval: Approval,
  /** Rows of the test set that the new model must answer before the deployment counts. */
  smokeTestRows: z.int().min(2).max(1000).default(10),
});

const NoDeployment = z.strictObject({ target: z.literal('none') });

const Deployment = z.discriminatedUnion('target', [SageMakerDeployment, KymaDeployment, NoDeployment]);

/** The table for the predictions, in the database user's own schema. */
const PredictionTarget = z.strictObject({
  table: Identifier.refine((name) => !name.startsWith('FEDML_'), 'begins with FEDML_, as the tables of the ledger do'),
  /**
   * append adds rows; upsert replaces rows of the same key; replace leaves this run's rows only; versioned adds rows, and
   * the view <table>_CURRENT shows those of the last run, or of the run that was rolled back to.
   */
  mode: z.enum(['append', 'upsert', 'replace', 'versioned']).default('append'),
  /** How many rows may be set aside as unwritable before nothing is written: a count, or below 1 a share of all. */
  maxRejected: z
    .number()
    .nonnegative()
    .refine((max) => max < 1 || Number.isInteger(max), 'must be a whole number, or a share below 1')
    .default(0),
});

const Prediction = z.strictObject({
  source: z.strictObject({
    ...ViewSource,
    /** A view without rows is no error: there is nothing to predict then. */
    allowEmpty: z.boolean().default(false),
  }),
  /** `transform`: a SageMaker batch transform; `endpoint`, `kyma`: the model where it is deployed, part by part. */
  method: z.enum(['transform', 'endpoint', 'kyma']).default('transform'),
  /** Instances of the batch transform. */
  instances: instancesFor('transform').prefault({}),
  /** The most that the model is sent at a time; less, while it is slow. A batch transform rounds up to megabytes. */
  payloadKb: z.int().min(1).max(4096).optional(),
  /** What the model answers for a row, in the order of its CSV output. */
  columns: z.array(z.strictObject({ name: Identifier, type: PredictionType })).min(1),
  target: PredictionTarget,
});

/** `pipeline.yml`: what to read, train, deploy, predict and write. */
export const PipelineDefinition = z
  .strictObject({
    name: PipelineName,
    description: z.string().max(1000).optional(),
    /** What an earlier run has made of the same is taken from it: datasets, the model, a transform's predictions. */
    reuse: z.boolean().default(true),
    source: TrainingSource,
    training: Training.prefault({}),
    gate: z.array(GateRule).default([]),
    deployment: Deployment.default({ target: 'none' }),
    prediction: Prediction.optional(),
    schedule: z
      .array(Schedule)
      .max(20)
      .refine((all) => new Set(all.map(scheduleId)).size === all.length, 'has the same schedule twice')
      .default([]),
  })
  // Also where a setting is wrong by itself, so that all mistakes are told at once.
  .superRefine(checkSettings, { when: () => true });

export type PipelineDefinition = z.infer<typeof PipelineDefinition>;
export type TrainingSource = PipelineDefinition['source'];
export type TrainingSettings = PipelineDefinition['training'];
export type GateRule = PipelineDefinition['gate'][number];
export type SageMakerDeployment = Extract<PipelineDefinition['deployment'], { target: 'sagemaker' }>;
export type KymaDeployment = Extract<PipelineDefinition['deployment'], { target: 'kyma' }>;
export type PredictionSettings = NonNullable<PipelineDefinition['prediction']>;
