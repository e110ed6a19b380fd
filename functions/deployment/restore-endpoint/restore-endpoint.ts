import { loadDeployment } from '#shared/models/deployment-fact.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { tagsOf } from '#shared/sagemaker/tags.ts';
import { type ChangeEndpointPorts, changeEndpoint } from '#shared/tasks/change-endpoint.ts';
import type { RestoreEndpointInput } from './schema.ts';

/**
 * Takes a model that failed its smoke test out of service: the endpoint gets back the configuration that served before,
 * and an endpoint that the run created is deleted. An endpoint that serves another run's model by now is left alone.
 */
export const restoreEndpoint = async (
  { runUri, taskToken }: RestoreEndpointInput,
  ports: ChangeEndpointPorts,
): Promise<undefined> => {
  const { objectStore, sageMaker, taskTokens } = ports;
  const run = await loadRun(objectStore, runUri);
  const { endpointName, endpointConfigName, previousEndpointConfigName } = await loadDeployment(objectStore, runUri);
  const endpoint = await sageMaker.describeEndpoint(endpointName);
  const isOurs = endpoint?.EndpointConfigName === endpointConfigName;
  if (isOurs && previousEndpointConfigName) {
    const tags = tagsOf(run, run.definition.training.tags);
    await changeEndpoint(
      { endpointName, endpointConfigName: previousEndpointConfigName, tags, runUri, taskToken },
      ports,
    );
    return;
  }
  if (isOurs) await sageMaker.deleteEndpoint(endpointName);
  await taskTokens.succeed(taskToken, { endpointName, endpointConfigName: previousEndpointConfigName });
};
