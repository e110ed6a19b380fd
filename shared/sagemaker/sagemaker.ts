import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  type CreateEndpointConfigCommandInput,
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  CreateTrainingJobCommand,
  type CreateTrainingJobCommandInput,
  CreateTransformJobCommand,
  type CreateTransformJobCommandInput,
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelPackageCommand,
  DescribeTrainingJobCommand,
  DescribeTransformJobCommand,
  SageMakerClient,
  StopTrainingJobCommand,
  StopTransformJobCommand,
  UpdateEndpointCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import {
  CapacityUnavailableError,
  EndpointBusyError,
  SageMakerRefusedError,
  SageMakerUnavailableError,
} from '#shared/errors.ts';
import type { Endpoints } from '#shared/sagemaker/endpoint.ts';
import type { Models } from '#shared/sagemaker/model.ts';
import type { ModelRegistry } from '#shared/sagemaker/model-package.ts';
import type { TrainingJobs } from '#shared/sagemaker/training-job.ts';
import type { TransformJobs } from '#shared/sagemaker/transform-job.ts';

export type SageMaker = TrainingJobs & TransformJobs & Models & Endpoints & ModelRegistry;

/** Amazon SageMaker's control plane. */
export const sageMaker = (client = new SageMakerClient({})): SageMaker => ({
  createTrainingJob: (request) =>
    created(`training job ${request.TrainingJobName}`, () =>
      client.send(new CreateTrainingJobCommand(request as CreateTrainingJobCommandInput)),
    ),

  describeTrainingJob: (name) =>
    found(`training job ${name}`, () => client.send(new DescribeTrainingJobCommand({ TrainingJobName: name }))),

  stopTrainingJob: (name) =>
    stopped(`training job ${name}`, () => client.send(new StopTrainingJobCommand({ TrainingJobName: name }))),

  createTransformJob: (request) =>
    created(`transform job ${request.TransformJobName}`, () =>
      client.send(new CreateTransformJobCommand(request as CreateTransformJobCommandInput)),
    ),

  describeTransformJob: (name) =>
    found(`transform job ${name}`, () => client.send(new DescribeTransformJobCommand({ TransformJobName: name }))),

  stopTransformJob: (name) =>
    stopped(`transform job ${name}`, () => client.send(new StopTransformJobCommand({ TransformJobName: name }))),

  async createModel(request) {
    await created(`model ${request.ModelName}`, () => client.send(new CreateModelCommand(request)));
  },

  async createEndpointConfig(request) {
    await created(`endpoint configuration ${request.EndpointConfigName}`, () =>
      client.send(new CreateEndpointConfigCommand(request as CreateEndpointConfigCommandInput)),
    );
  },

  async createEndpoint(request) {
    const what = `endpoint ${request.EndpointName}`;
    if ((await created(what, () => client.send(new CreateEndpointCommand(request)))) === 'exists') {
      throw new EndpointBusyError(`Somebody else created the ${what} just now.`);
    }
  },

  async updateEndpoint(request) {
    await called(`endpoint ${request.EndpointName}`, () => client.send(new UpdateEndpointCommand(request)));
  },

  async deleteEndpoint(name) {
    await found(`endpoint ${name}`, () => client.send(new DeleteEndpointCommand({ EndpointName: name })));
  },

  describeEndpoint: (name) =>
    found(`endpoint ${name}`, () => client.send(new DescribeEndpointCommand({ EndpointName: name }))),

  modelOfEndpointConfig: async (name) => (await variantOf(client, name))?.ModelName,

  async kindOfEndpointConfig(name) {
    const variant = await variantOf(client, name);
    return variant && (variant.ServerlessConfig ? 'serverless' : 'instances');
  },

  async createModelPackageGroup(request) {
    await created(`model package group ${request.ModelPackageGroupName}`, () =>
      client.send(new CreateModelPackageGroupCommand(request)),
    );
  },

  async createModelPackage(request) {
    const what = `model package of the group ${request.ModelPackageGroupName}`;
    return (await called(what, () => client.send(new CreateModelPackageCommand(request)))).ModelPackageArn!;
  },

  describeModelPackage: (arn) =>
    found(`model package ${arn}`, () => client.send(new DescribeModelPackageCommand({ ModelPackageName: arn }))),

  async decideModelPackage(arn, decision, reason) {
    const command = new UpdateModelPackageCommand({
      ModelPackageArn: arn,
      ModelApprovalStatus: decision,
      ApprovalDescription: reason,
    });
    await called(`model package ${arn}`, () => client.send(command));
  },
});

const variantOf = async (client: SageMakerClient, name: string) => {
  const config = await found(`endpoint configuration ${name}`, () =>
    client.send(new DescribeEndpointConfigCommand({ EndpointConfigName: name })),
  );
  return config?.ProductionVariants?.[0];
};

/** Creates what may exist already. Jobs say so by ResourceInUse, models and endpoints by a ValidationException's text. */
const created = async (what: string, send: () => Promise<unknown>): Promise<'created' | 'exists'> => {
  try {
    await send();
    return 'created';
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'ResourceInUse' || /already exist/.test(message)) return 'exists';
    throw translated(what, error as Error);
  }
};

/** Asks for what may be missing. SageMaker says so by a ValidationException's text, not by ResourceNotFound. */
const found = async <T>(what: string, send: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await send();
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'ResourceNotFound' || /Requested resource not found|Could not find|does not exist/.test(message))
      return undefined;
    throw translated(what, error as Error);
  }
};

/** Stops what may have ended meanwhile, which SageMaker says by a ValidationException's text. */
const stopped = async (what: string, send: () => Promise<object>): Promise<boolean> => {
  try {
    return (await found(what, send)) !== undefined;
  } catch (error) {
    if (error instanceof SageMakerRefusedError && /is in status/.test(error.message)) return true;
    throw error;
  }
};

const called = async <T>(what: string, send: () => Promise<T>): Promise<T> => {
  try {
    return await send();
  } catch (error) {
    throw translated(what, error as Error);
  }
};

/** Errors that pass by themselves, beside those that the SDK retried in vain. */
const UNAVAILABLE = new Set(['ThrottlingException', 'InternalFailure', 'ServiceUnavailable', 'TimeoutError']);

const translated = (what: string, error: Error): Error => {
  const { name, message } = error;
  const options = { cause: error };
  if (name === 'ResourceLimitExceeded') {
    return new CapacityUnavailableError(
      `SageMaker has no room for the ${what}: ${message} Ask for more in Service Quotas, or choose another instance type.`,
      options,
    );
  }
  if (UNAVAILABLE.has(name)) return new SageMakerUnavailableError(`SageMaker, the ${what}: ${message}`, options);
  if (/in-progress endpoint/.test(message)) return new EndpointBusyError(`The ${what}: ${message}`, options);
  // A configuration that was just created may not be seen by the endpoint's call yet.
  if (/Could not find endpoint configuration/.test(message)) {
    return new SageMakerUnavailableError(`SageMaker, the ${what}: ${message}`, options);
  }
  if (name === 'ValidationException')
    return new SageMakerRefusedError(`SageMaker refused the ${what}: ${message}`, options);
  return error;
};
