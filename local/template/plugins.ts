import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TemplateError } from './errors.ts';
import { functionLogicalId, logGroupLogicalId, normalized } from './logical-ids.ts';
import type { Service } from './service.ts';

/** Plugins that change what is packaged, and nothing of the template. */
const WITHOUT_EFFECT: readonly string[] = ['serverless-esbuild'];

/**
 * Runs the service's own plugins on a stand-in of Serverless: they may add properties of functions, read the service and
 * change its functions and resources when it is initialized. Returns the properties of functions that they added.
 *
 * @throws TemplateError for a plugin of a package that isn't known to leave the template alone.
 */
export const runPlugins = async (service: Service): Promise<string[]> => {
  const { rootDir, plugins, name, stage, provider, custom, functions, resources } = service;
  const added: string[] = [];
  const serverless = {
    configSchemaHandler: {
      defineFunctionProperties: (_provider: string, { properties }: { properties: object }) =>
        void added.push(...Object.keys(properties)),
    },
    config: { serviceDir: rootDir, servicePath: rootDir },
    serviceDir: rootDir,
    service: {
      service: name,
      provider: { ...provider, stage },
      custom,
      functions,
      resources,
      getAllFunctions: () => Object.keys(functions),
      getFunction: (key: string) => functions[key],
    },
    getProvider: () => ({
      naming: {
        getNormalizedFunctionName: normalized,
        getLambdaLogicalId: functionLogicalId,
        getLogGroupLogicalId: logGroupLogicalId,
      },
    }),
  };
  for (const plugin of plugins) {
    if (WITHOUT_EFFECT.includes(plugin)) continue;
    if (!plugin.startsWith('./')) throw new TemplateError(`The local cloud doesn't know the plugin ${plugin}.`);
    const file = join(rootDir, plugin);
    const Plugin = createRequire(file)(file) as Plugin;
    const { hooks } = new Plugin(serverless, {});
    const unknown = Object.keys(hooks).filter((hook) => hook !== 'initialize');
    if (unknown.length > 0) {
      throw new TemplateError(`${plugin} waits for ${unknown.join(', ')}, which the local cloud doesn't have.`);
    }
    await hooks.initialize?.();
  }
  return added;
};

type Plugin = new (
  serverless: object,
  options: object,
) => { readonly hooks: Readonly<Record<string, () => void | Promise<void>>> };
