import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { CloudAddress } from '#local/cloud-file.ts';

/** Calls a function of the project by its key, as the person whose keys the process has. */
export const invokeFunction = async (
  { services }: Pick<CloudAddress, 'services'>,
  key: string,
  event: object,
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into what it expects
): Promise<any> => {
  const { FunctionError, Payload } = await new LambdaClient({ endpoint: services.Lambda! }).send(
    new InvokeCommand({ FunctionName: `fedml-serverless-local-${key}`, Payload: JSON.stringify(event) }),
  );
  const text = Buffer.from(Payload!).toString();
  if (FunctionError) throw new Error(`${key}: ${text}`);
  return JSON.parse(text);
};
