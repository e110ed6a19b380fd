import { SageMakerRefusedError } from '#shared/errors.ts';
import type { Run } from '#shared/pipeline/run.ts';
import { type Endpoints, endpointNameOf } from '#shared/sagemaker/endpoint.ts';

export type EndpointReader = Pick<Endpoints, 'describeEndpoint' | 'kindOfEndpointConfig'>;

/**
 * Refuses a change of an endpoint that SageMaker would refuse, before anything is paid for. SageMaker updates an endpoint
 * from serverless to instances, and not back. A pipeline that deploys elsewhere is none of its business.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-update.html
 *
 * @throws SageMakerRefusedError with the ways out.
 */
export const assertEndpointCanChange = async (
  sageMaker: EndpointReader,
  run: Pick<Run, 'pipeline' | 'definition'> & { readonly stage?: string | undefined },
): Promise<void> => {
  const { deployment } = run.definition;
  if (deployment.target !== 'sagemaker' || !deployment.serverless) return;
  const endpointName = endpointNameOf({ pipeline: run.pipeline, stage: run.stage }, deployment);
  const endpoint = await sageMaker.describeEndpoint(endpointName);
  // One that failed is deleted and made anew, and one that is being deleted is waited for.
  if (!endpoint || ['Failed', 'Deleting'].includes(endpoint.EndpointStatus ?? '')) return;
  if ((await sageMaker.kindOfEndpointConfig(endpoint.EndpointConfigName ?? '')) !== 'instances') return;
  throw new SageMakerRefusedError(
    `The endpoint ${endpointName} runs on instances, and deployment.serverless wants it serverless: SageMaker can't update an ` +
      'endpoint from instances to serverless. Name another one in deployment.endpointName; or delete this one first, by ' +
      `\`npx fedml undeploy ${run.pipeline}\` on a laptop, or \`aws sagemaker delete-endpoint --endpoint-name ${endpointName}\`; ` +
      'or keep deployment.instances.',
  );
};
