import { StateFailure } from '../interpreter/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { ServiceClients } from './clients.ts';
import type { Integration } from './integration.ts';
import type { TaskResource } from './resources.ts';
import { serviceFailure } from './service-failure.ts';

/** `arn:aws:states:::aws-sdk:<service>:<action>`: any operation of the services whose SDK clients are installed. */
export const awsSdk = (clients: ServiceClients, { service, action }: TaskResource): Integration => {
  const { load, client, errorPrefix, isCamelCase = false } = SERVICES(clients)[service]!;
  return {
    errorPrefix,
    async submit(parameters, { signal }) {
      const name = `${action[0]!.toUpperCase()}${action.slice(1)}Command`;
      const Command = ((await load()) as unknown as Record<string, CommandClass>)[name];
      if (!Command) throw noSuchAction(service, action);
      const input = textBody(isJsonObject(parameters) ? parameters : {});
      try {
        const response = await (await client()).send(new Command(isCamelCase ? renameKeys(input, camelCase) : input), {
          abortSignal: signal,
        });
        const { $metadata, ...result } = response;
        const json = await toJson(result);
        return isCamelCase ? renameKeys(json, pascalCase) : json;
      } catch (error) {
        throw serviceFailure(error, errorPrefix, { isSdkIntegration: true });
      }
    },
  };
};

type CommandClass = new (input: unknown) => object;

interface SdkService {
  load(): Promise<object>;
  client(): Promise<{ send(command: object, options: object): Promise<{ $metadata?: unknown }> }>;
  readonly errorPrefix: string;
  /** The SDK spells this service's members in camel case; Step Functions spells them in Pascal case. */
  readonly isCamelCase?: boolean;
}

const SERVICES = (clients: ServiceClients): Readonly<Record<string, SdkService>> =>
  ({
    eventbridge: {
      load: () => import('@aws-sdk/client-eventbridge'),
      client: clients.eventbridge,
      errorPrefix: 'EventBridge',
    },
    lambda: { load: () => import('@aws-sdk/client-lambda'), client: clients.lambda, errorPrefix: 'Lambda' },
    s3: { load: () => import('@aws-sdk/client-s3'), client: clients.s3, errorPrefix: 'S3' },
    sagemaker: { load: () => import('@aws-sdk/client-sagemaker'), client: clients.sagemaker, errorPrefix: 'SageMaker' },
    sfn: { load: () => import('@aws-sdk/client-sfn'), client: clients.sfn, errorPrefix: 'Sfn', isCamelCase: true },
  }) as unknown as Record<string, SdkService>;

const noSuchAction = (service: string, action: string): StateFailure =>
  new StateFailure('States.Runtime', `The service ${service} has no action ${action}.`, { isOwn: true });

/** An object's content, of S3's PutObject, may be given as JSON. */
const textBody = (input: JsonObject): JsonObject =>
  input.Body === undefined || typeof input.Body === 'string' ? input : { ...input, Body: JSON.stringify(input.Body) };

const camelCase = (key: string): string => `${key[0]?.toLowerCase() ?? ''}${key.slice(1)}`;
const pascalCase = (key: string): string => `${key[0]?.toUpperCase() ?? ''}${key.slice(1)}`;

const renameKeys = (value: Json, rename: (key: string) => string): Json => {
  if (Array.isArray(value)) return value.map((item) => renameKeys(item, rename));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [rename(key), renameKeys(member, rename)]));
};

/** Times become ISO text, bytes and streams become text, what is undefined falls away. */
const toJson = async (value: unknown): Promise<Json> => {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (Array.isArray(value)) return Promise.all(value.map(toJson));
  if (typeof value !== 'object') return value as Json;
  if ('transformToString' in value) return (value as { transformToString(): Promise<string> }).transformToString();
  const json: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) json[key] = await toJson(member);
  }
  return json;
};
