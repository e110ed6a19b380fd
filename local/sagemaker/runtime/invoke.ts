import type { IncomingMessage } from 'node:http';
import { AwsError } from '#local/http/aws-json.ts';
import type { SageMakerContext } from '../context.ts';
import type { Variant } from '../endpoints/variant.ts';
import { endpointLogGroup } from '../endpoints/variant.ts';
import type { ContainerRequest } from '../serving/model-server.ts';
import { ContainerTimeoutError } from '../serving/model-server.ts';

/** How much of a container's error is quoted. */
const QUOTED_BYTES = 1_024;

/**
 * Sends one invocation to a variant and gives the container's answer, whose status is 2xx.
 *
 * @throws AwsError ModelError for anything else the container does; ServiceUnavailable when it doesn't start.
 */
export const invokeVariant = async (
  context: SageMakerContext,
  endpointName: string,
  variant: Variant,
  request: Omit<ContainerRequest, 'method' | 'path'>,
): Promise<IncomingMessage> => {
  const answer = await variant.send({ method: 'POST', path: '/invocations', ...request }).catch((error: Error) => {
    throw containerError(context, endpointName, error);
  });
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return answer;
  throw modelError(context, endpointName, status, (await beginningOf(answer)).toString('utf8'));
};

/** A ModelError in the service's shape and words. */
export const modelError = (
  { account: { region, accountId } }: SageMakerContext,
  endpointName: string,
  status: number,
  originalMessage: string,
): AwsError => {
  const side = status >= 400 && status < 500 ? 'client' : 'server';
  const group = endpointLogGroup(endpointName);
  return new AwsError(
    'ModelError',
    `Received ${side} error (${status}) from primary with message "${originalMessage}". ` +
      `See https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#logEventViewer:group=${group} ` +
      `in account ${accountId} for more information.`,
    {
      statusCode: 424,
      details: {
        OriginalMessage: originalMessage,
        OriginalStatusCode: status,
        LogStreamArn: `arn:aws:logs:${region}:${accountId}:log-group:${group}`,
      },
    },
  );
};

const containerError = (context: SageMakerContext, endpointName: string, error: Error): AwsError => {
  if (error instanceof ContainerTimeoutError) {
    return modelError(
      context,
      endpointName,
      0,
      'Your invocation timed out while waiting for a response from container primary. ' +
        'Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.',
    );
  }
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ECONNRESET' || code === 'ECONNREFUSED' || code === 'EPIPE') {
    return modelError(context, endpointName, 502, 'Bad Gateway');
  }
  return new AwsError('ServiceUnavailable', `The model container of ${endpointName} did not start: ${error.message}`, {
    statusCode: 503,
  });
};

const beginningOf = async (answer: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size >= QUOTED_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, QUOTED_BYTES);
};
