import { AccessDenied } from '#local/iam/errors.ts';
import { StateFailure } from '../interpreter/failure.ts';

/**
 * A service call's error as the state sees it: `<prefix>.<name>`. What isn't an answer of the service is a failure of
 * the client, `<prefix>.SdkClientException`.
 *
 * @param isSdkIntegration AWS SDK integrations always end the name in `Exception`.
 */
export const serviceFailure = (
  thrown: unknown,
  prefix: string,
  { isSdkIntegration = false }: { isSdkIntegration?: boolean } = {},
): StateFailure => {
  if (thrown instanceof StateFailure) return thrown;
  const { message, $metadata } = thrown as ServiceError;
  const status = thrown instanceof AccessDenied ? 403 : $metadata?.httpStatusCode;
  if (status === undefined) return new StateFailure(`${prefix}.SdkClientException`, clientMessage(thrown));
  const request = $metadata?.requestId ?? 'n/a';
  return new StateFailure(
    `${prefix}.${errorName(thrown as ServiceError, prefix, isSdkIntegration)}`,
    `${message} (Service: ${prefix}, Status Code: ${status}, Request ID: ${request})`,
  );
};

interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

/** An error that the service's model doesn't list, such as every denial, has the name of the service's base exception. */
const errorName = (error: ServiceError, prefix: string, isSdkIntegration: boolean): string => {
  if (isSdkIntegration && isUnmodeled(error)) return `${prefix}Exception`;
  if (isUnmodeled(error) || error.name === 'AccessDeniedException') return BASE_EXCEPTIONS[prefix] ?? error.name;
  return isSdkIntegration && !error.name.endsWith('Exception') ? `${error.name}Exception` : error.name;
};

export const isUnmodeled = (error: unknown): boolean =>
  error instanceof AccessDenied || SDK_BASE_CLASSES.has((error as object).constructor.name);

/** Optimized integrations call by an older SDK than SDK integrations: its names differ, and no model in it lists denials. */
const BASE_EXCEPTIONS: Readonly<Record<string, string>> = {
  EventBridge: 'AmazonEventBridgeException',
  Lambda: 'AWSLambdaException',
  S3: 'AmazonS3Exception',
  StepFunctions: 'AWSStepFunctionsException',
};

const SDK_BASE_CLASSES = new Set(
  ['EventBridge', 'Lambda', 'S3', 'SageMaker', 'SFN'].map((service) => `${service}ServiceException`),
);

/** Node hides the reason of a refused connection in an AggregateError with an empty message. */
const clientMessage = (thrown: unknown): string => {
  if (thrown instanceof AggregateError && !thrown.message) {
    return thrown.errors.map((error) => (error as Error).message).join('; ');
  }
  return thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
};
