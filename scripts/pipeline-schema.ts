// Writes docs/pipeline.schema.json, by which editors complete and check pipeline.yml: from the definition that runs are
// checked by, with the words of docs/pipeline-yml.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';

const DOCS = join(import.meta.dirname, '..', 'docs');
export const SCHEMA_FILE = join(DOCS, 'pipeline.schema.json');
export const SETTINGS_PAGE = join(DOCS, 'pipeline-yml.md');

/** The JSON Schema of pipeline.yml, as the text of its file. */
export const pipelineSchema = (): string => {
  const schema = schemaOfDefinition();
  const descriptions = new Map(documentedSettings().map(({ path, meaning }) => [path, meaning]));
  for (const { path, node } of settingsOf(schema)) {
    const description = descriptions.get(path);
    if (description) node.description = description;
  }
  return `${JSON.stringify({ title: 'pipeline.yml of FedML Serverless', ...schema }, null, 2)}\n`;
};

/** A setting of pipeline.yml: a value, or a list or map of values. */
export interface Setting {
  /** Dotted; `[]` stands for each item of a list, `*` for a name in a map. */
  readonly path: string;
  readonly node: Node;
  readonly isRequired: boolean;
}

type Node = z.core.JSONSchema.JSONSchema;

export const schemaOfDefinition = (): Node =>
  z.toJSONSchema(PipelineDefinition, {
    io: 'input',
    override({ jsonSchema }) {
      // Zod's own bound of whole numbers is no limit of ours.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });

/** Every setting below a schema, as often as alternatives have it. */
export const settingsOf = (node: Node, path = '', isRequired = false): Setting[] => {
  const alternatives = [...(node.oneOf ?? []), ...(node.anyOf ?? [])];
  if (path !== '' && alternatives.length > 0 && alternatives.every(hasProperties)) {
    return alternatives.flatMap((alternative) => settingsOf(alternative as Node, path, isRequired));
  }
  if (hasProperties(node)) {
    return Object.entries(node.properties!).flatMap(([name, property]) =>
      settingsOf(property as Node, path === '' ? name : `${path}.${name}`, node.required?.includes(name) ?? false),
    );
  }
  if (node.type === 'array' && hasProperties(node.items as Node))
    return settingsOf(node.items as Node, `${path}[]`, true);
  const suffix = node.type === 'object' ? '.*' : '';
  return [{ path: path + suffix, node, isRequired }];
};

const hasProperties = (node: unknown): boolean => (node as Node | undefined)?.properties !== undefined;

/** A row of docs/pipeline-yml.md. */
export interface DocumentedSetting {
  readonly path: string;
  /** For one run, by `--set` or an execution's overrides. */
  readonly canBeSet: boolean;
  readonly defaultText: string;
  readonly meaning: string;
}

export const documentedSettings = (): DocumentedSetting[] =>
  [...readFileSync(SETTINGS_PAGE, 'utf8').matchAll(/^\| `([\w.[\]*]+)`( ○)? *\|(.+)\|$/gm)].map(
    ([, path, mark, rest]) => {
      const [defaultText, , meaning] = rest!.split('|').map((cell) => cell.trim());
      return {
        path: path!,
        canBeSet: mark !== undefined,
        defaultText: defaultText!.replaceAll('`', ''),
        meaning: meaning!.replaceAll('`', ''),
      };
    },
  );

if (import.meta.main) writeFileSync(SCHEMA_FILE, pipelineSchema());
