import { InvalidInputError } from '#shared/errors.ts';
import type { DeploymentFact } from '#shared/models/deployment-fact.ts';
import { loadProvenModel } from '#shared/models/model-record.ts';
import { readFact, writeFact } from '#shared/pipeline/facts.ts';
import { loadRun, type Run } from '#shared/pipeline/run.ts';
import { endpointConfigRequest, endpointNameOf, serverEnvironment } from '#shared/sagemaker/endpoint.ts';
import { assertEndpointCanChange } from '#shared/sagemaker/endpoint-change.ts';
import { type ModelSettings, type Models, modelPrefix, modelRequest } from '#shared/sagemaker/model.ts';
import { tagsOf } from '#shared/sagemaker/tags.ts';
import { type ChangeEndpointPorts, changeEndpoint } from '#shared/tasks/change-endpoint.ts';
import type { DeployEndpointInput } from './schema.ts';

interface Ports extends ChangeEndpointPorts {
  readonly sageMaker: ChangeEndpointPorts['sageMaker'] & Models;
}

/**
 * Starts to put a model of the register behind the pipeline's endpoint; the state waits until it serves it. An endpoint
 * that serves this very model in this very configuration already is left as it is.
 */
export const deployEndpoint = async (
  { runUri, modelRecordUri, taskToken }: DeployEndpointInput,
  ports: Ports,
  settings: ModelSettings,
): Promise<undefined> => {
  const { objectStore, sageMaker } = ports;
  const run = await loadRun(objectStore, runUri);
  const deployment = sageMakerDeployment(run);
  await assertEndpointCanChange(sageMaker, run);
  const endpointName = endpointNameOf({ pipeline: run.pipeline, stage: run.stage }, deployment);
  const tags = tagsOf(run, run.definition.training.tags);
  const record = await loadProvenModel(objectStore, modelRecordUri);
  const model = modelRequest(record, run, serverEnvironment(deployment), settings);
  const { kmsKeyId } = run.definition.training;
  const endpointConfig = endpointConfigRequest(modelPrefix(record.trainingJobName), model.ModelName, deployment, {
    kmsKeyId,
    tags,
  });
  await sageMaker.createModel(model);
  await sageMaker.createEndpointConfig(endpointConfig);
  const deployed = { endpointName, endpointConfigName: endpointConfig.EndpointConfigName };
  const recordBeginning = (previousEndpointConfigName: string | null) =>
    writeFact(objectStore, runUri, 'endpoint', {
      ...deployed,
      modelName: model.ModelName,
      modelRecordUri,
      previousEndpointConfigName,
    } satisfies DeploymentFact);
  const recordAdoption = async () => {
    // An earlier try of this run knows better what served before.
    if (!(await readFact(objectStore, runUri, 'endpoint'))) await recordBeginning(deployed.endpointConfigName);
  };
  await changeEndpoint({ ...deployed, tags, runUri, taskToken, recordBeginning, recordAdoption }, ports);
};

const sageMakerDeployment = ({ definition, pipeline }: Run) => {
  if (definition.deployment.target === 'sagemaker') return definition.deployment;
  throw new InvalidInputError(
    `The pipeline ${pipeline} deploys nothing to SageMaker: deployment.target is ${definition.deployment.target}.`,
  );
};
