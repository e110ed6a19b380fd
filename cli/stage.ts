import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GetFunctionConfigurationCommand,
  type GetFunctionConfigurationCommandOutput,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { parse } from 'yaml';
import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import { pipelinesDir } from './session.ts';

/** What was deployed by `npx serverless deploy --stage <stage>`. */
export interface Stage {
  /** Such as `fedml-serverless-dev`. */
  readonly name: string;
  /** Such as `dev`. */
  readonly stage: string;
  readonly region: string;
  /** `aws`, or that of China or of governments. */
  readonly partition: string;
  readonly accountId: string;
  readonly deployedAt: string;
  /** The variables by which its functions find everything. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether the functions that call the warehouse are in a network, with addresses that may be fixed. */
  readonly isInNetwork: boolean;
}

/**
 * Finds a stage by its functions: what they are told is what counts, whichever parameters the stage was deployed with.
 *
 * @param region As deployed when undefined: the stage's parameter in serverless.yml.
 * @throws InvalidInputError when there is no such stage.
 */
export const readStage = async (
  stage: string,
  { rootDir, region: wanted }: { readonly rootDir: string; readonly region: string | undefined },
): Promise<Stage> => {
  const { service, params } = ServiceFile.parse(
    parse(await readFile(join(rootDir, 'serverless.yml'), 'utf8'), { logLevel: 'silent' }),
  );
  const region = wanted ?? params[stage]?.region ?? params.default?.region;
  const name = `${service}-${stage}`;
  const lambda = new LambdaClient({ ...(region && { region }) });
  const describe = (key: string) => configurationOf(lambda, `${name}-${key}`);
  const starter = await describe('startRun');
  const planner = await describe('planPartitions');
  return {
    name,
    stage,
    region: await lambda.config.region(),
    partition: starter.FunctionArn!.split(':')[1]!,
    accountId: starter.FunctionArn!.split(':')[4]!,
    deployedAt: starter.LastModified ?? 'at a time unknown',
    environment: settingsIn(starter.Environment?.Variables ?? {}),
    isInNetwork: (planner.VpcConfig?.SubnetIds ?? []).length > 0,
  };
};

/** From here on the clients and adapters of this process find the stage as its functions do. */
export const useStage = ({ environment, region }: Stage): void => {
  Object.assign(process.env, environment, { AWS_REGION: region, FEDML_PIPELINES_DIR: pipelinesDir() });
};

/** Ours only: whoever may change a function's environment must not lead this process's AWS clients elsewhere. */
const settingsIn = (variables: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => name.startsWith('FEDML_')));

/** The few lines of serverless.yml that say what a stage is called and where it is. */
const ServiceFile = z.object({
  service: z.string(),
  params: z.record(z.string(), z.object({ region: z.string().optional() }).nullable()),
});

const configurationOf = async (
  lambda: LambdaClient,
  functionName: string,
): Promise<GetFunctionConfigurationCommandOutput> => {
  try {
    return await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }));
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error;
    throw new InvalidInputError(
      `There is no function ${functionName} in ${await lambda.config.region()}, for these credentials. Say --region and ` +
        'AWS_PROFILE as you deployed the stage, or deploy it: npx serverless deploy --stage <stage>.',
      { cause: error },
    );
  }
};
