import type { InvocationResponse, LambdaClient } from '@aws-sdk/client-lambda';
import { StateFailure } from '../interpreter/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { ServiceClients } from './clients.ts';
import type { Call, Integration } from './integration.ts';
import { serviceFailure } from './service-failure.ts';

/** A function's ARN as `Resource`: the arguments are the payload, the result is what the function returned. */
export const lambdaFunction = (clients: ServiceClients, functionArn: string): Integration => ({
  errorPrefix: 'Lambda',
  async submit(parameters, call) {
    const response = await invoke(clients, { FunctionName: functionArn, Payload: JSON.stringify(parameters) }, call);
    return payloadOf(response);
  },
});

/** `arn:aws:states:::lambda:invoke`: the arguments are Invoke's own, the result its answer with the payload parsed. */
export const lambdaInvoke = (clients: ServiceClients): Integration => ({
  errorPrefix: 'Lambda',
  async submit(parameters, call) {
    if (!isJsonObject(parameters)) throw wrongArguments('must be an object with FunctionName');
    const { Payload, ...rest } = parameters;
    const text = Payload === undefined ? {} : { Payload: JSON.stringify(Payload) };
    const response = await invoke(clients, { ...rest, ...text }, call);
    return {
      ExecutedVersion: response.ExecutedVersion ?? '$LATEST',
      ...(response.Payload?.length ? { Payload: payloadOf(response) } : {}),
      SdkHttpMetadata: { HttpStatusCode: response.StatusCode ?? 200 },
      StatusCode: response.StatusCode ?? 200,
    };
  },
});

const wrongArguments = (problem: string): StateFailure =>
  new StateFailure('States.Runtime', `The Arguments of lambda:invoke ${problem}.`, { isOwn: true });

const invoke = async (clients: ServiceClients, input: JsonObject, { signal }: Call): Promise<InvocationResponse> => {
  if (typeof input.FunctionName !== 'string') throw wrongArguments('must name the function in FunctionName');
  const { InvokeCommand } = await import('@aws-sdk/client-lambda');
  try {
    const client: LambdaClient = await clients.lambda();
    const response = await client.send(new InvokeCommand(input as { FunctionName: string }), { abortSignal: signal });
    if (response.FunctionError !== undefined) throw functionFailure(response);
    return response;
  } catch (error) {
    throw serviceFailure(error, 'Lambda');
  }
};

/** The error is the name that the function reported, the cause all of its report. */
const functionFailure = (response: InvocationResponse): StateFailure => {
  const text = new TextDecoder().decode(response.Payload);
  return new StateFailure(errorTypeOf(text) ?? 'Lambda.Unknown', text);
};

const errorTypeOf = (text: string): string | undefined => {
  try {
    const { errorType } = JSON.parse(text) as { errorType?: unknown };
    return typeof errorType === 'string' && errorType !== '' ? errorType : undefined;
  } catch {
    return undefined;
  }
};

const payloadOf = ({ Payload }: InvocationResponse): Json => {
  const text = new TextDecoder().decode(Payload);
  return text === '' ? null : (JSON.parse(text) as Json);
};
