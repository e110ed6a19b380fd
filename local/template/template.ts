import { refuseUnknownKeys, TemplateError } from './errors.ts';
import { functionResources } from './function-resources.ts';
import { httpApiResources } from './http-api-resources.ts';
import { mergeObjects } from './merge.ts';
import { runPlugins } from './plugins.ts';
import { type Resource, readService, type ServiceOptions } from './service.ts';

/** A CloudFormation template, its intrinsic functions in their long forms. */
export interface Template {
  readonly stackName: string;
  readonly region: string;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
}

/**
 * Makes of a service's `serverless.yml` the template that `serverless package` would make, without bundling anything:
 * the same resources, but for the deployment bucket and the functions' code.
 *
 * @throws TemplateError for what the local cloud doesn't know, by name.
 */
export const resolveTemplate = async (options: ServiceOptions): Promise<Template> => {
  const service = await readService(options);
  const plugins = await runPlugins(service, options);
  const { name, stage, provider, resources } = service;
  const made = { ...functionResources(service, plugins.functionProperties), ...httpApiResources(service) };
  const all = mergeObjects(made, resources.Resources) as Record<string, Resource>;
  for (const [id, extension] of Object.entries(resources.extensions)) {
    refuseUnknownKeys(extension, ['Properties'], `The extension of ${id}`);
    if (!all[id]) throw new TemplateError(`There is no resource ${id} to extend.`);
    all[id] = { ...all[id], Properties: { ...all[id].Properties, ...extension.Properties } };
  }
  await plugins.finish(all);
  return {
    stackName: `${name}-${stage}`,
    region: provider.region,
    Conditions: resources.Conditions,
    Resources: all,
  };
};
