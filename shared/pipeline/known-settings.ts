import { z } from 'zod';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';

type Schema = z.core.JSONSchema.JSONSchema;

/** The names of the settings that may stand under `path` of a pipeline.yml, whichever of its alternatives is meant. */
export const knownSettings = (path: readonly PropertyKey[]): string[] => {
  let schemas: Schema[] = alternatives(z.toJSONSchema(PipelineDefinition, { io: 'input' }));
  for (const segment of path) schemas = schemas.flatMap((schema) => below(schema, segment)).flatMap(alternatives);
  return [...new Set(schemas.flatMap(({ properties = {} }) => Object.keys(properties)))];
};

const alternatives = (schema: Schema): Schema[] => [
  schema,
  ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((each) => alternatives(each as Schema)),
];

const below = ({ properties = {}, items }: Schema, segment: PropertyKey): Schema[] => {
  const found = typeof segment === 'number' ? items : Object.hasOwn(properties, segment) && properties[String(segment)];
  return typeof found === 'object' && !Array.isArray(found) ? [found] : [];
};
