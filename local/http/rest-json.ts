import type { ServerResponse } from 'node:http';
import { accessErrorOf } from './access-errors.ts';
import { AwsError } from './aws-json.ts';

/**
 * Sends an error as AWS's REST services do: its name in a header, its text as `Message`; a refusal of IAM with status 403.
 *
 * @param internal the service's own error for what it didn't expect.
 */
export const sendRestError = (response: ServerResponse, error: unknown, internal: (error: Error) => AwsError): void => {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { statusCode, name, body } = failureOf(error, internal);
  response.writeHead(statusCode, { 'content-type': 'application/json', 'x-amzn-errortype': name });
  response.end(JSON.stringify(body));
};

const failureOf = (error: unknown, internal: (error: Error) => AwsError) => {
  const refusal = accessErrorOf(error);
  if (refusal) return { statusCode: 403, name: refusal.code, body: { Message: (error as Error).message } };
  const { statusCode, name, message, details } = error instanceof AwsError ? error : internal(error as Error);
  return { statusCode, name, body: { ...details, Message: message } };
};
