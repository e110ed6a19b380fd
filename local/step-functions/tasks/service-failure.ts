import { StateFailure } from '../interpreter/failure.ts';

/**
 * A service call's error as the state sees it: `<prefix>.<name>`. What isn't an answer of the service is a failure of
 * the client, `<prefix>.SdkClientException`.
 *
 * @param endsInException AWS SDK integrations always end the name in `Exception`.
 */
export const serviceFailure = (
  thrown: unknown,
  prefix: string,
  { endsInException = false }: { endsInException?: boolean } = {},
): StateFailure => {
  if (thrown instanceof StateFailure) return thrown;
  const { name, message, $metadata } = thrown as ServiceError;
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return new StateFailure(`${prefix}.SdkClientException`, clientMessage(thrown));
  const error = endsInException && !name.endsWith('Exception') ? `${name}Exception` : name;
  const request = $metadata?.requestId ?? 'n/a';
  return new StateFailure(
    `${prefix}.${error}`,
    `${message} (Service: ${prefix}, Status Code: ${status}, Request ID: ${request})`,
  );
};

interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

/** Node hides the reason of a refused connection in an AggregateError with an empty message. */
const clientMessage = (thrown: unknown): string => {
  if (thrown instanceof AggregateError && !thrown.message) {
    return thrown.errors.map((error) => (error as Error).message).join('; ');
  }
  return thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
};
