import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { OVERRIDABLE_PATHS } from '#shared/pipeline/overrides.ts';
import {
  documentedSettings,
  pipelineSchema,
  SCHEMA_FILE,
  SETTINGS_PAGE,
  schemaOfDefinition,
  settingsOf,
} from '../../scripts/pipeline-schema.ts';

const settings = settingsOf(schemaOfDefinition());
const documented = documentedSettings();
const documentedOf = (path: string) => documented.find((row) => row.path === path || row.path === `${path}[]`);

it('has a row for every setting of pipeline.yml, and no other', () => {
  const paths = new Set(settings.map(({ path }) => path));
  const rows = documented.map(({ path }) => (paths.has(path) ? path : path.replace(/\[\]$/, '')));

  expect(rows.toSorted()).toEqual([...paths].toSorted());
});

it.each(settings.map((setting) => [setting.path, setting] as const))(
  'tells the default of %s',
  (path, { node, isRequired }) => {
    const expected = node.default === undefined ? (isRequired ? 'required' : '–') : JSON.stringify(node.default);

    // The target has one name for each kind of deployment; nothing is deployed unless one is chosen.
    expect(documentedOf(path)?.defaultText).toBe(path === 'deployment.target' ? '"none"' : expected);
  },
);

it('marks the settings that a run may change', () => {
  const marked = documented.filter(({ canBeSet }) => canBeSet).map(({ path }) => path);
  const leaves = OVERRIDABLE_PATHS.filter((path) => !OVERRIDABLE_PATHS.some((other) => other.startsWith(`${path}.`)));
  const below = leaves.filter((path) => !marked.includes(path));

  expect(marked.filter((path) => !(OVERRIDABLE_PATHS as readonly string[]).includes(path))).toEqual([]);
  expect(below).toEqual([]);
});

it('is what the JSON Schema for editors was written from; `npm run schema` writes it anew', () => {
  expect(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))).toEqual(JSON.parse(pipelineSchema()));
});

it('begins with an example that is a pipeline', async () => {
  const { PipelineDefinition } = await import('#shared/pipeline/definition.ts');
  const example = /\n((?: {4}.*\n)*? {4}name: churn\n(?: {4}.*\n)*)/.exec(readFileSync(SETTINGS_PAGE, 'utf8'))![1]!;

  expect(PipelineDefinition.safeParse(parse(example)).success).toBe(true);
});

it('is offered to editors by the example', () => {
  const flights = readFileSync(join(import.meta.dirname, '..', '..', 'pipelines', 'flights', 'pipeline.yml'), 'utf8');

  expect(flights.split('\n')[0]).toBe('# yaml-language-server: $schema=../../docs/pipeline.schema.json');
});
