import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import { isPlaceless, PLACES } from '#shared/store/layout.ts';

const Environment = z.object({
  AWS_REGION: z.string().min(1),
  /** Where runs, models and task tokens are kept: `s3://bucket` or `s3://bucket/prefix`, without a slash at the end. */
  FEDML_STORE_URI: z
    .string()
    .regex(/^s3:\/\/[^/]+(\/.*[^/])?$/, 'must be s3://bucket or s3://bucket/prefix')
    .refine(isPlaceless, `must have none of the store's own folders in its prefix: ${Object.keys(PLACES).join(', ')}`),
  /** The folder of `pipelines/`, packaged with the functions. */
  FEDML_PIPELINES_DIR: z.string().min(1),
  /** Secrets Manager secret with the database user, in the fields of FedML's config.json. */
  FEDML_WAREHOUSE_SECRET_ARN: z.string().min(1),
  /** The role of training jobs. */
  FEDML_TRAINING_ROLE_ARN: z.string().min(1),
  /** The role of models: endpoints and transform jobs. */
  FEDML_MODEL_ROLE_ARN: z.string().min(1),
  /** The bus for the project's own events. */
  FEDML_EVENT_BUS_NAME: z.string().min(1),
  /** What tells this installation from others of the same account and region; none where it is alone, as on a laptop. */
  FEDML_STAGE: z
    .string()
    .regex(/^[a-zA-Z0-9]([a-zA-Z0-9-]{0,28}[a-zA-Z0-9])?$/, 'must be 1-30 letters, digits and hyphens inside')
    .optional(),
  /** The ECR repository of all models' images; only deployments to Kyma use it. */
  FEDML_MODEL_REPOSITORY: z.string().min(2).default('fedml-models'),
});

export interface Config {
  readonly region: string;
  readonly storeUri: string;
  readonly pipelinesDir: string;
  readonly warehouseSecretArn: string;
  readonly trainingRoleArn: string;
  readonly modelRoleArn: string;
  readonly eventBusName: string;
  readonly stage: string | undefined;
  readonly modelRepository: string;
}

let parsed: Config | undefined;

/**
 * The ARN of the state machine `pipeline`, for the functions that start, follow and stop runs, and for those that ask whether
 * another run has ended. The others don't have it.
 *
 * @throws InvalidInputError when the variable is missing.
 */
export const pipelineStateMachineArn = (): string => {
  const arn = process.env.FEDML_PIPELINE_STATE_MACHINE_ARN;
  if (arn) return arn;
  throw new InvalidInputError("The function's environment has no FEDML_PIPELINE_STATE_MACHINE_ARN.");
};

/**
 * The functions' settings, from their environment. Parsed on first use, so that a unit test can import a handler.
 *
 * @throws InvalidInputError naming every missing or malformed variable at once.
 */
export const config = (): Config => {
  parsed ??= parseEnvironment(process.env);
  return parsed;
};

const parseEnvironment = (environment: NodeJS.ProcessEnv): Config => {
  const result = Environment.safeParse(environment);
  if (!result.success) {
    throw new InvalidInputError(`The function's environment is incomplete.\n${z.prettifyError(result.error)}`);
  }
  const { data } = result;
  return {
    region: data.AWS_REGION,
    storeUri: data.FEDML_STORE_URI,
    pipelinesDir: data.FEDML_PIPELINES_DIR,
    warehouseSecretArn: data.FEDML_WAREHOUSE_SECRET_ARN,
    trainingRoleArn: data.FEDML_TRAINING_ROLE_ARN,
    modelRoleArn: data.FEDML_MODEL_ROLE_ARN,
    eventBusName: data.FEDML_EVENT_BUS_NAME,
    stage: data.FEDML_STAGE,
    modelRepository: data.FEDML_MODEL_REPOSITORY,
  };
};
