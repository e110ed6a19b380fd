import { z } from 'zod';
import { EndpointBusyError, EndpointFailedError } from '#shared/errors.ts';
import { type DeploymentFact, loadDeployment } from '#shared/models/deployment-fact.ts';
import { readFact, writeFact } from '#shared/pipeline/facts.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import type { EndpointDescription } from '#shared/sagemaker/endpoint.ts';
import { tagsOf } from '#shared/sagemaker/tags.ts';
import { type ChangeEndpointPorts, changeEndpoint } from '#shared/tasks/change-endpoint.ts';
import type { RestoreEndpointInput } from './schema.ts';

/**
 * Takes a model that failed its smoke test out of service: the endpoint gets back the configuration that served before,
 * and an endpoint that the run created is deleted. An endpoint that serves another run's model by now is left alone.
 *
 * @throws EndpointBusyError while the endpoint is being deleted, to be created as it was before.
 * @throws EndpointFailedError when it served the failed model before the run as well.
 */
export const restoreEndpoint = async (
  { runUri, taskToken }: RestoreEndpointInput,
  ports: ChangeEndpointPorts,
): Promise<undefined> => {
  const { objectStore, sageMaker, taskTokens } = ports;
  const run = await loadRun(objectStore, runUri);
  const deployed = await loadDeployment(objectStore, runUri);
  const { endpointName, previousEndpointConfigName: previous } = deployed;
  const endpoint = await sageMaker.describeEndpoint(endpointName);
  const isOurs = endpoint?.EndpointConfigName === deployed.endpointConfigName;
  if (isOurs && previous === deployed.endpointConfigName) {
    throw new EndpointFailedError(
      `The endpoint ${endpointName} served the model that failed before this run as well, so there is nothing to give it back ` +
        'to: it still serves it.',
    );
  }
  const isBeingRecreated = (!endpoint || isOurs) && (await wasDeletedForThis(ports, runUri, deployed));
  if (previous && (isOurs || isBeingRecreated)) {
    if (endpoint && !(await canBeUpdated(ports, deployed, previous)))
      await deleteFirst(ports, runUri, deployed, endpoint);
    const tags = tagsOf(run, run.definition.training.tags);
    await changeEndpoint({ endpointName, endpointConfigName: previous, tags, runUri, taskToken }, ports);
    return;
  }
  if (isOurs) await sageMaker.deleteEndpoint(endpointName);
  await taskTokens.succeed(taskToken, { endpointName, endpointConfigName: previous });
};

const canBeUpdated = async (
  { sageMaker }: ChangeEndpointPorts,
  { endpointConfigName }: DeploymentFact,
  previous: string,
): Promise<boolean> =>
  (await sageMaker.kindOfEndpointConfig(endpointConfigName)) !== 'instances' ||
  (await sageMaker.kindOfEndpointConfig(previous)) !== 'serverless';

/** Of an endpoint that is gone, this tells whether it was deleted to be created anew, or by a person. */
const Restoration = z.object({ failed: z.string(), restored: z.string() });

/** SageMaker updates no endpoint from instances to serverless. The one that is deleted serves a model that failed. */
const deleteFirst = async (
  { objectStore, sageMaker }: ChangeEndpointPorts,
  runUri: string,
  { endpointName, endpointConfigName, previousEndpointConfigName }: DeploymentFact,
  { EndpointStatus }: EndpointDescription,
): Promise<never> => {
  await writeFact(objectStore, runUri, 'restoration', {
    failed: endpointConfigName,
    restored: previousEndpointConfigName!,
  } satisfies z.infer<typeof Restoration>);
  if (EndpointStatus !== 'Deleting') await sageMaker.deleteEndpoint(endpointName);
  throw new EndpointBusyError(`The endpoint ${endpointName} is being deleted, to be created as it was before the run.`);
};

const wasDeletedForThis = async (
  { objectStore }: ChangeEndpointPorts,
  runUri: string,
  { endpointConfigName }: DeploymentFact,
): Promise<boolean> =>
  Restoration.safeParse(await readFact(objectStore, runUri, 'restoration')).data?.failed === endpointConfigName;
