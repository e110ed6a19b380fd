import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TemplateError } from './errors.ts';
import { functionLogicalId, logGroupLogicalId, normalized } from './logical-ids.ts';
import type { Resource, Service, ServiceOptions } from './service.ts';

/** Plugins of packages that change what is packaged, and nothing of the template. */
const WITHOUT_EFFECT: readonly string[] = ['serverless-esbuild'];

/** The hooks that are heard, and the one at which nothing but the deployment bucket is there, which isn't made here. */
const INITIALIZE = 'initialize';
const AFTER_MERGE = 'after:aws:package:finalize:mergeCustomProviderResources';
const DEPLOYMENT_BUCKET = 'after:package:initialize';

/** What the plugins have added and still want to do. */
export interface Plugins {
  /** The properties of functions that they defined. */
  readonly functionProperties: readonly string[];
  /** Lets them change the template that was made of the service. */
  finish(resources: Record<string, Resource>): Promise<void>;
}

/**
 * Runs the service's own plugins on a stand-in of Serverless: they may add properties of functions, read the service, and
 * change its functions and resources when it is initialized and its template when that is complete.
 *
 * @throws TemplateError for a plugin or a hook that isn't known.
 */
export const runPlugins = async (service: Service, options: ServiceOptions): Promise<Plugins> => {
  const functionProperties: string[] = [];
  const serverless = standIn(service, options, functionProperties);
  const skipped = [...WITHOUT_EFFECT, ...(options.withoutPlugins ?? [])];
  const hooks: Hooks[] = [];
  for (const plugin of service.plugins) {
    if (skipped.includes(plugin)) continue;
    if (!plugin.startsWith('./')) throw new TemplateError(`The local cloud doesn't know the plugin ${plugin}.`);
    const file = join(service.rootDir, plugin);
    const Plugin = createRequire(file)(file) as PluginClass;
    const own = new Plugin(serverless, { stage: service.stage }).hooks ?? {};
    const unknown = Object.keys(own).filter((hook) => ![INITIALIZE, AFTER_MERGE, DEPLOYMENT_BUCKET].includes(hook));
    if (unknown.length > 0) {
      throw new TemplateError(`${plugin} waits for ${unknown.join(', ')}, which the local cloud doesn't have.`);
    }
    hooks.push(own);
  }
  for (const own of hooks) await own[INITIALIZE]?.();
  return {
    functionProperties,
    async finish(Resources) {
      serverless.service.provider.compiledCloudFormationTemplate = { Resources };
      for (const own of hooks) await own[AFTER_MERGE]?.();
    },
  };
};

type Hooks = Readonly<Record<string, () => void | Promise<void>>>;

type PluginClass = new (serverless: object, options: object) => { readonly hooks?: Hooks };

const standIn = (service: Service, { params = {} }: ServiceOptions, functionProperties: string[]) => {
  const { rootDir, configuration, name, stage, provider, custom, functions, resources } = service;
  return {
    classes: { Error: TemplateError },
    configurationInput: configuration,
    processedInput: { options: { stage, param: Object.entries(params).map((entry) => entry.join('=')) } },
    configSchemaHandler: {
      defineFunctionProperties: (_provider: string, { properties }: { properties: object }) =>
        void functionProperties.push(...Object.keys(properties)),
    },
    serviceDir: rootDir,
    service: {
      service: name,
      provider: { ...provider, stage } as Record<string, unknown>,
      custom,
      functions,
      resources,
      getAllFunctions: () => Object.keys(functions),
      getFunction: (key: string) => functions[key],
    },
    getProvider: () => ({
      naming: {
        getStackName: () => `${name}-${stage}`,
        getNormalizedFunctionName: normalized,
        getLambdaLogicalId: functionLogicalId,
        getLogGroupLogicalId: logGroupLogicalId,
      },
    }),
  };
};
