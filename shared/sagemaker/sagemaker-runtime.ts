import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { EndpointFailedError, EndpointThrottledError, PredictionFailedError } from '#shared/errors.ts';
import { answerText } from '#shared/sagemaker/answer-text.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';

/** Models behind Amazon SageMaker's endpoints. */
export const sageMakerModelServer = (client = new SageMakerRuntimeClient({})): ModelServer => ({
  async predict(endpointName, csv) {
    try {
      const { Body } = await client.send(
        // The sklearn image matches the type exactly: with a charset it answers 500.
        new InvokeEndpointCommand({
          EndpointName: endpointName,
          ContentType: 'text/csv',
          Accept: 'text/csv',
          Body: csv,
        }),
      );
      // The SDK gives null for an answer without a byte.
      return answerText(Body ?? new Uint8Array(), endpointName);
    } catch (error) {
      throw translated(endpointName, error as RuntimeError);
    }
  },
});

interface RuntimeError extends Error {
  readonly OriginalMessage?: string;
  readonly OriginalStatusCode?: number;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const THROTTLED = new Set([
  'ModelNotReadyException',
  'ThrottlingException',
  'ServiceUnavailable',
  'InternalDependencyException',
]);

const translated = (endpointName: string, error: RuntimeError): Error => {
  const options = { cause: error };
  const status = error.$metadata?.httpStatusCode;
  if (error.name === 'ModelError') {
    const { OriginalStatusCode, OriginalMessage, message } = error;
    return OriginalStatusCode === 429 || OriginalStatusCode === 503
      ? new EndpointThrottledError(`The endpoint ${endpointName} is overloaded (${OriginalStatusCode}).`, options)
      : new PredictionFailedError(
          `The model behind ${endpointName} answered ${OriginalStatusCode ?? 'an error'}: ${OriginalMessage || message} ` +
            `Its log group is /aws/sagemaker/Endpoints/${endpointName}.`,
          options,
        );
  }
  if (THROTTLED.has(error.name) || status === 429 || status === 503) {
    return new EndpointThrottledError(`The endpoint ${endpointName} has no capacity now: ${error.message}`, options);
  }
  if (error.name === 'ValidationError' && /not found/.test(error.message)) {
    return new EndpointFailedError(`The endpoint ${endpointName} doesn't exist. Deploy the pipeline first.`, options);
  }
  return error;
};
