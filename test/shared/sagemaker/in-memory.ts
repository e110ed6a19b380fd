import { EndpointBusyError, SageMakerRefusedError } from '#shared/errors.ts';
import type { EndpointConfigRequest, EndpointDescription } from '#shared/sagemaker/endpoint.ts';
import type { ModelRequest } from '#shared/sagemaker/model.ts';
import type { ModelPackageDescription, ModelPackageRequest } from '#shared/sagemaker/model-package.ts';
import type { SageMaker } from '#shared/sagemaker/sagemaker.ts';
import type { TrainingJobDescription, TrainingJobRequest } from '#shared/sagemaker/training-job.ts';
import type { TransformJobDescription, TransformJobRequest } from '#shared/sagemaker/transform-job.ts';

type Changeable<T> = { -readonly [K in keyof T]: T[K] };

/** A SageMaker where nothing happens by itself: a test ends jobs and moves endpoints by changing what is described. */
export interface InMemorySageMaker extends SageMaker {
  readonly trainingJobs: Map<string, Changeable<TrainingJobDescription & TrainingJobRequest>>;
  readonly transformJobs: Map<string, Changeable<TransformJobDescription & TransformJobRequest>>;
  readonly models: Map<string, ModelRequest>;
  readonly endpointConfigs: Map<string, EndpointConfigRequest>;
  readonly modelPackages: Map<string, Changeable<ModelPackageDescription> & ModelPackageRequest>;
  readonly endpoints: Map<string, Changeable<EndpointDescription>>;
  /** Ends a training job well, with a model where SageMaker would put it. */
  completeTraining(name: string, metrics?: Record<string, number>): void;
  /** Lets the endpoint's pending change take effect. */
  settleEndpoint(name: string): void;
  /** Lets the endpoint's pending update fail: the configuration from before serves on. */
  rollBackEndpoint(name: string): void;
}

export const inMemorySageMaker = (): InMemorySageMaker => {
  const trainingJobs: InMemorySageMaker['trainingJobs'] = new Map();
  const transformJobs: InMemorySageMaker['transformJobs'] = new Map();
  const models: InMemorySageMaker['models'] = new Map();
  const endpointConfigs: InMemorySageMaker['endpointConfigs'] = new Map();
  const modelPackages: InMemorySageMaker['modelPackages'] = new Map();
  const endpoints: InMemorySageMaker['endpoints'] = new Map();
  let changes = 0;
  const kindOf = (endpointConfigName = '') => {
    const variant = endpointConfigs.get(endpointConfigName)?.ProductionVariants[0];
    return variant && (variant.ServerlessConfig ? 'serverless' : 'instances');
  };
  const modified = (): Date => new Date(Date.UTC(2026, 2, 1) + 1000 * changes++);
  return {
    trainingJobs,
    transformJobs,
    models,
    endpointConfigs,
    modelPackages,
    endpoints,

    async createTrainingJob(request) {
      if (trainingJobs.has(request.TrainingJobName)) return 'exists';
      trainingJobs.set(request.TrainingJobName, {
        ...request,
        TrainingJobStatus: 'InProgress',
        SecondaryStatus: 'Starting',
      });
      return 'created';
    },
    async describeTrainingJob(name) {
      return trainingJobs.get(name);
    },
    async stopTrainingJob(name) {
      const job = trainingJobs.get(name);
      if (job?.TrainingJobStatus === 'InProgress') trainingJobs.set(name, { ...job, TrainingJobStatus: 'Stopping' });
      return job !== undefined;
    },
    async createTransformJob(request) {
      if (transformJobs.has(request.TransformJobName)) return 'exists';
      transformJobs.set(request.TransformJobName, { ...request, TransformJobStatus: 'InProgress' });
      return 'created';
    },
    async describeTransformJob(name) {
      return transformJobs.get(name);
    },
    async stopTransformJob(name) {
      const job = transformJobs.get(name);
      if (job?.TransformJobStatus === 'InProgress') transformJobs.set(name, { ...job, TransformJobStatus: 'Stopping' });
      return job !== undefined;
    },
    async createModel(request) {
      models.set(request.ModelName, request);
    },
    async createEndpointConfig(request) {
      endpointConfigs.set(request.EndpointConfigName, request);
    },
    async createEndpoint({ EndpointName, EndpointConfigName }) {
      if (endpoints.has(EndpointName)) throw new EndpointBusyError('exists');
      endpoints.set(EndpointName, { EndpointConfigName, EndpointStatus: 'Creating', LastModifiedTime: modified() });
    },
    async updateEndpoint({ EndpointName, EndpointConfigName }) {
      const endpoint = endpoints.get(EndpointName)!;
      if (kindOf(endpoint.EndpointConfigName) === 'instances' && kindOf(EndpointConfigName) === 'serverless')
        throw new SageMakerRefusedError('Cannot update endpoint from instances to serverless.');
      if (endpoint.PendingDeploymentSummary) throw new EndpointBusyError('in progress');
      endpoint.EndpointStatus = 'Updating';
      endpoint.PendingDeploymentSummary = { EndpointConfigName };
      endpoint.LastModifiedTime = modified();
    },
    async deleteEndpoint(name) {
      endpoints.delete(name);
    },
    async describeEndpoint(name) {
      const endpoint = endpoints.get(name);
      return endpoint && { ...endpoint };
    },
    async kindOfEndpointConfig(name) {
      return kindOf(name);
    },
    async modelOfEndpointConfig(name) {
      return endpointConfigs.get(name)?.ProductionVariants[0]?.ModelName;
    },

    async createModelPackageGroup() {},
    async createModelPackage(request) {
      for (const [arn, earlier] of modelPackages) if (earlier.ClientToken === request.ClientToken) return arn;
      const arn = `arn:aws:sagemaker:eu-central-1:000000000000:model-package/${request.ModelPackageGroupName}/${modelPackages.size + 1}`;
      modelPackages.set(arn, { ...request });
      return arn;
    },
    async describeModelPackage(arn) {
      return modelPackages.get(arn);
    },
    async decideModelPackage(arn, decision, reason) {
      Object.assign(modelPackages.get(arn)!, { ModelApprovalStatus: decision, ApprovalDescription: reason });
    },

    completeTraining(name, metrics = {}) {
      const job = trainingJobs.get(name)!;
      job.TrainingJobStatus = 'Completed';
      job.SecondaryStatus = 'Completed';
      job.ModelArtifacts = { S3ModelArtifacts: `${job.OutputDataConfig.S3OutputPath}/${name}/output/model.tar.gz` };
      job.FinalMetricDataList = Object.entries(metrics).map(([MetricName, Value]) => ({ MetricName, Value }));
    },
    settleEndpoint(name) {
      const endpoint = endpoints.get(name)!;
      endpoint.EndpointConfigName =
        endpoint.PendingDeploymentSummary?.EndpointConfigName ?? endpoint.EndpointConfigName;
      endpoint.EndpointStatus = 'InService';
      endpoint.LastModifiedTime = modified();
      delete endpoint.PendingDeploymentSummary;
    },
    rollBackEndpoint(name) {
      const endpoint = endpoints.get(name)!;
      endpoint.EndpointStatus = 'InService';
      endpoint.FailureReason = 'The primary container did not pass the ping health check.';
      endpoint.LastModifiedTime = modified();
      delete endpoint.PendingDeploymentSummary;
    },
  };
};
