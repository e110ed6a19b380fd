import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCloudFormation } from './cloud-formation-yaml.ts';
import { refuseUnknownKeys, TemplateError } from './errors.ts';
import { mergeObjects } from './merge.ts';
import { variableResolver } from './variables.ts';

export interface ServiceOptions {
  readonly rootDir: string;
  readonly stage: string;
  readonly params?: Readonly<Record<string, string>>;
  /** Files of `${file(…)}`, as they are written there, whose content the caller supplies: they count as empty. */
  readonly withoutFiles?: readonly string[];
  /** Plugins, as they are written in `serverless.yml`, that do something to the process and nothing to the template. */
  readonly withoutPlugins?: readonly string[];
}

/** A service's configuration, its variables resolved and its lists of functions and resources merged. */
export interface Service {
  readonly rootDir: string;
  /** As it is written, its variables unresolved. */
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly stage: string;
  readonly plugins: readonly string[];
  readonly provider: Provider;
  readonly custom: Readonly<Record<string, unknown>>;
  readonly functions: Readonly<Record<string, FunctionEntry>>;
  readonly resources: ResourcesEntry;
}

export interface Provider {
  readonly runtime: string;
  readonly architecture?: string;
  readonly region: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly logRetentionInDays?: number;
  readonly tracing?: { readonly lambda?: boolean };
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly httpApi?: { readonly name?: string; readonly authorizers?: Readonly<Record<string, JwtAuthorizer>> };
  readonly logs?: { readonly httpApi?: { readonly format: string } };
}

export interface JwtAuthorizer {
  readonly type: 'jwt';
  readonly identitySource: string;
  readonly issuerUrl: string;
  readonly audience: readonly string[];
}

export interface FunctionEntry {
  name: string;
  /** The logical id of a role, which a plugin sets. */
  role?: string;
  readonly handler: string;
  readonly timeout: number;
  readonly memorySize: number;
  readonly events: readonly { readonly httpApi: HttpApiEvent }[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly ephemeralStorageSize?: number;
  readonly reservedConcurrency?: number;
  readonly vpc?: false | { readonly subnetIds: unknown; readonly securityGroupIds: unknown };
  readonly destinations?: { readonly onFailure: { readonly type: 'sqs'; readonly arn: unknown } };
}

export interface HttpApiEvent {
  readonly method: string;
  readonly path: string;
  readonly authorizer: { readonly type: 'aws_iam' } | { readonly name: string };
}

export interface ResourcesEntry {
  Resources: Record<string, Resource>;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly extensions: Readonly<Record<string, Pick<Resource, 'Properties'>>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Condition?: string;
  readonly [attribute: string]: unknown;
}

/**
 * Reads `serverless.yml` and what it names.
 *
 * @throws TemplateError for what the local cloud doesn't know, by name.
 */
export const readService = async (options: ServiceOptions): Promise<Service> => {
  const { rootDir, stage, params = {} } = options;
  const raw = parseCloudFormation(readFileSync(join(rootDir, 'serverless.yml'), 'utf8')) as Record<string, unknown>;
  refuseUnknownKeys(raw, TOP_LEVEL, 'serverless.yml');
  const stages = (raw.params ?? {}) as Readonly<Record<string, Record<string, unknown>>>;
  const resolve = variableResolver({
    rootDir,
    configuration: raw,
    stage,
    options: { stage },
    params: { ...stages.default, ...stages[stage], ...params },
    withoutFiles: options.withoutFiles ?? [],
  });
  const section = async (name: string): Promise<unknown> => resolve(raw[name] ?? {}, `${name} of serverless.yml`);
  const [provider, custom, functions, resources] = await Promise.all(
    ['provider', 'custom', 'functions', 'resources'].map(section),
  );
  refuseUnknownKeys(provider as object, PROVIDER, 'The provider of serverless.yml');
  const name = raw.service as string;
  return {
    rootDir,
    configuration: raw,
    name,
    stage,
    plugins: (raw.plugins ?? []) as string[],
    provider: provider as Provider,
    custom: custom as Record<string, unknown>,
    functions: namedFunctions(merged(functions), `${name}-${stage}`),
    resources: resourcesEntry(merged(resources)),
  };
};

const TOP_LEVEL = [
  ...['service', 'frameworkVersion', 'configValidationMode', 'plugins', 'params', 'provider', 'package', 'custom'],
  ...['functions', 'resources'],
];

const PROVIDER = [
  ...['name', 'runtime', 'stage', 'region', 'architecture', 'stackTags', 'tags', 'logRetentionInDays'],
  ...['versionFunctions', 'tracing', 'httpApi', 'logs', 'deploymentBucket', 'environment'],
];

/** Lists are merged from left to right. */
const merged = (entries: unknown): Record<string, unknown> =>
  (Array.isArray(entries) ? entries : [entries]).reduce<Record<string, unknown>>(
    (all, entry) => mergeObjects(all, (entry ?? {}) as Record<string, unknown>),
    {},
  );

const namedFunctions = (entries: Record<string, unknown>, stack: string): Record<string, FunctionEntry> =>
  Object.fromEntries(
    Object.entries(entries as Record<string, Partial<FunctionEntry>>).map(([key, entry]) => [
      key,
      { events: [], name: `${stack}-${key}`, ...entry } as FunctionEntry,
    ]),
  );

const resourcesEntry = (entry: Record<string, unknown>): ResourcesEntry => {
  refuseUnknownKeys(entry, ['Resources', 'Conditions', 'Outputs', 'extensions'], 'The resources of serverless.yml');
  const found = entry as Partial<ResourcesEntry>;
  for (const [id, { Type }] of Object.entries(found.Resources ?? {})) {
    if (typeof Type !== 'string') throw new TemplateError(`The resource ${id} has no Type.`);
  }
  return {
    Resources: found.Resources ?? {},
    Conditions: found.Conditions ?? {},
    extensions: found.extensions ?? {},
  };
};
