import { z } from 'zod';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';

/** Where a model is asked: an endpoint of SageMaker's by its name, or a host of a Kyma cluster by its URL; one of the two. */
export const modelPlace = {
  endpointName: z.string().min(1).optional(),
  url: z.url({ protocol: /^https$/ }).optional(),
};

interface ModelPlace {
  readonly endpointName?: string | undefined;
  readonly url?: string | undefined;
}

export const isOnePlace = ({ endpointName, url }: ModelPlace): boolean =>
  (endpointName === undefined) !== (url === undefined);

/** What a model server is told. */
export const endpointOf = ({ endpointName, url }: ModelPlace): string => (url ?? endpointName)!;

/** Models wherever they are deployed. No endpoint's name looks like a URL. */
export const modelServerOfPlace = (sageMaker: ModelServer, kyma: ModelServer): ModelServer => {
  const serverOf = (endpoint: string): ModelServer => (endpoint.startsWith('https://') ? kyma : sageMaker);
  return {
    predict: (endpoint, csv) => serverOf(endpoint).predict(endpoint, csv),
    ping: async (endpoint) => serverOf(endpoint).ping?.(endpoint),
    lastWords: async (endpoint, since) => (await serverOf(endpoint).lastWords?.(endpoint, since)) ?? '',
  };
};
