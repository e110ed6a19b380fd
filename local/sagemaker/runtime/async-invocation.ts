import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AwsError } from '#local/http/aws-json.ts';
import type { SageMakerContext } from '../context.ts';
import type { Fleet } from '../endpoints/fleet.ts';
import { joinS3Uri, parseS3Uri } from '../objects.ts';
import { removeFolder } from '../remove-folder.ts';
import { invokeVariant } from './invoke.ts';
import type { RuntimeAnswer } from './runtime-answer.ts';

/** InvokeEndpointAsync's default of InvocationTimeoutSeconds. */
const DEFAULT_TIMEOUT_SECONDS = 900;

/** Accepts an invocation whose input is in S3 and answers where its output will be. */
export const startAsyncInvocation = async (
  context: SageMakerContext,
  endpointName: string,
  { deployment, choose }: Fleet,
  request: IncomingMessage,
): Promise<RuntimeAnswer> => {
  const output = deployment.AsyncInferenceConfig?.OutputConfig;
  if (!output) {
    throw new AwsError(
      'ValidationError',
      `Endpoint ${endpointName} of account ${context.account.accountId} takes InvokeEndpoint only.`,
    );
  }
  const inputUri = String(request.headers['x-amzn-sagemaker-inputlocation'] ?? '');
  if (!inputUri.startsWith('s3://'))
    throw new AwsError('ValidationError', `InputLocation must be an S3 URI, not "${inputUri}".`);
  const id = randomUUID();
  const outputUri = joinS3Uri(output.S3OutputPath, `${id}.out`);
  const failureUri = output.S3FailurePath && joinS3Uri(output.S3FailurePath, `${id}-error.out`);
  const timeoutSeconds = Number(
    request.headers['x-amzn-sagemaker-invocationtimeoutseconds'] ?? DEFAULT_TIMEOUT_SECONDS,
  );
  context.background.run(run);
  return {
    status: 202,
    headers: {
      'content-type': 'application/json',
      'x-amzn-sagemaker-outputlocation': outputUri,
      ...(failureUri ? { 'x-amzn-sagemaker-failurelocation': failureUri } : {}),
    },
    body: JSON.stringify({ InferenceId: request.headers['x-amzn-sagemaker-inference-id'] ?? id }),
  };

  async function run(): Promise<void> {
    const variant = choose()!;
    const { objects } = variant.role;
    const folder = join(context.dataDir, 'work', 'async', id);
    const file = join(folder, 'body');
    await mkdir(folder, { recursive: true });
    try {
      const answer = await invokeVariant(context, endpointName, variant, {
        headers: containerHeaders(request),
        body: await objects.open(parseS3Uri(inputUri)),
        timeoutMs: timeoutSeconds * 1000,
      });
      await pipeline(answer, createWriteStream(file));
      await objects.upload(file, parseS3Uri(outputUri), String(answer.headers['content-type']), output!.KmsKeyId);
    } catch (error) {
      if (!failureUri) return;
      await writeFile(file, (error as Error).message);
      await objects.upload(file, parseS3Uri(failureUri), 'text/plain');
    } finally {
      await removeFolder(folder);
    }
  }
};

const containerHeaders = ({ headers }: IncomingMessage): Record<string, string> => {
  const accept = headers['x-amzn-sagemaker-accept'];
  return {
    'content-type': String(headers['x-amzn-sagemaker-content-type'] ?? 'application/octet-stream'),
    ...(accept === undefined ? {} : { accept: String(accept) }),
  };
};
