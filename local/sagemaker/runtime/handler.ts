import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '#local/http/aws-json.ts';
import { readLimited } from '#local/http/limited-body.ts';
import { sendRestError } from '#local/http/rest-json.ts';
import type { Iam } from '#local/iam/iam.ts';
import { resourceTags } from '../access/tag-keys.ts';
import { arnOf } from '../arns.ts';
import type { SageMakerContext } from '../context.ts';
import type { Fleet } from '../endpoints/fleet.ts';
import { startAsyncInvocation } from './async-invocation.ts';
import { invokeVariant, modelError } from './invoke.ts';
import type { RuntimeAnswer } from './runtime-answer.ts';

/** The service model's limit of InvokeEndpoint's body, for requests and for answers. */
const MAX_BODY_BYTES = 6_291_456;

/** Serverless endpoints take less. */
const MAX_SERVERLESS_BODY_BYTES = 4 * 1024 * 1024;

const ROUTE = /^\/endpoints\/([a-zA-Z0-9-]+)\/(invocations|async-invocations)$/;

/** True for what belongs to the runtime API rather than to the control plane. */
export const isRuntimeRequest = ({ url = '' }: IncomingMessage): boolean => url.startsWith('/endpoints/');

/** Answers the SageMaker runtime API: InvokeEndpoint and InvokeEndpointAsync. */
export const runtimeHandler =
  (context: SageMakerContext, iam: Iam, serving: (endpointName: string) => Fleet | undefined) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { status, headers, body } = await answer(context, iam, serving, request);
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
      response.end(body);
    } catch (error) {
      request.resume();
      sendRestError(response, error, internalFailure);
    }
  };

const internalFailure = ({ stack, message }: Error): AwsError =>
  new AwsError('InternalFailure', stack ?? message, { statusCode: 500 });

const answer = async (
  context: SageMakerContext,
  iam: Iam,
  serving: (endpointName: string) => Fleet | undefined,
  request: IncomingMessage,
): Promise<RuntimeAnswer> => {
  const body = await readLimited(request, MAX_BODY_BYTES);
  if (!body) throw tooLong(MAX_BODY_BYTES);
  const caller = iam.authenticate(request, 'sagemaker', body);
  const [, name, kind] = ROUTE.exec(request.url ?? '') ?? [];
  if (request.method !== 'POST' || !name) {
    throw new AwsError(
      'UnknownOperationException',
      `The local SageMaker runtime does not answer ${request.method} ${request.url}. It answers: InvokeEndpoint, InvokeEndpointAsync.`,
      { statusCode: 404 },
    );
  }
  const isAsync = kind === 'async-invocations';
  const resource = arnOf(context.account, 'endpoint', name);
  caller.authorize({
    action: `sagemaker:${isAsync ? 'InvokeEndpointAsync' : 'InvokeEndpoint'}`,
    resource,
    context: resourceTags(context.tags.get(resource)),
  });
  const fleet = serving(name);
  if (!fleet) throw validationError(`Endpoint ${name} of account ${context.account.accountId} not found.`);
  return isAsync
    ? startAsyncInvocation(context, name, fleet, request)
    : invoke(context, name, fleet, { headers: request.headers, body });
};

const invoke = async (
  context: SageMakerContext,
  name: string,
  fleet: Fleet,
  request: { readonly headers: IncomingHttpHeaders; readonly body: Buffer },
): Promise<RuntimeAnswer> => {
  if (fleet.deployment.AsyncInferenceConfig) {
    throw validationError(`Endpoint ${name} of account ${context.account.accountId} takes InvokeEndpointAsync only.`);
  }
  for (const header of REFUSED_HEADERS) {
    if (request.headers[header]) throw validationError(`The laptop's SageMaker does not know the header ${header}.`);
  }
  const variantName = request.headers['x-amzn-sagemaker-target-variant'] as string | undefined;
  const variant = fleet.choose(variantName);
  if (!variant) throw validationError(`Variant ${variantName} not found for endpoint ${name}.`);
  const maxBytes = variant.isServerless ? MAX_SERVERLESS_BODY_BYTES : MAX_BODY_BYTES;
  if (request.body.length > maxBytes) throw tooLong(maxBytes);
  const answered = await invokeVariant(context, name, variant, {
    headers: containerHeaders(request.headers),
    body: request.body,
    timeoutMs: context.settings.invocationTimeoutMs,
  });
  const answerBody = await readLimited(answered, maxBytes);
  if (!answerBody) {
    answered.destroy();
    throw modelError(context, name, 500, `The container's answer is longer than ${maxBytes} bytes.`);
  }
  const customAttributes = answered.headers[CUSTOM_ATTRIBUTES];
  return {
    status: 200,
    headers: {
      'content-type': answered.headers['content-type'] ?? 'application/octet-stream',
      'x-amzn-invoked-production-variant': variant.name,
      ...(customAttributes === undefined ? {} : { [CUSTOM_ATTRIBUTES]: String(customAttributes) }),
    },
    body: answerBody,
  };
};

const CUSTOM_ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes';
const PASSED_HEADERS = ['content-type', 'accept', CUSTOM_ATTRIBUTES, 'x-amzn-sagemaker-inference-id'];
const REFUSED_HEADERS = [
  'x-amzn-sagemaker-target-model',
  'x-amzn-sagemaker-target-container-hostname',
  'x-amzn-sagemaker-inference-component',
  'x-amzn-sagemaker-session-id',
  'x-amzn-sagemaker-enable-explanations',
];

const containerHeaders = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    PASSED_HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])),
  );

const validationError = (message: string): AwsError => new AwsError('ValidationError', message);

const tooLong = (maxBytes: number): AwsError =>
  validationError(
    `1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length less than or equal to ${maxBytes}`,
  );
