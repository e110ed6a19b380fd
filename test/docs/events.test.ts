import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EVENT_DETAILS } from '#shared/events.ts';
import { TriggeredRun } from '#shared/triggers/triggered-run.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'events.md'), 'utf8');
const [events, inputs] = page.split('# Runs by events of others') as [string, string];

/** The rows of a table, a list of cells each. */
const rowsOf = (text: string): string[][] =>
  [...text.matchAll(/^\| (`.*) \|$/gm)].map(([, cells]) =>
    cells!.split('|').map((cell) => cell.trim().replaceAll('`', '')),
  );

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

const typeOf = ({ type, anyOf, items }: JsonSchema): string => {
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(' or ');
  return type === 'array' ? `array of ${typeOf(items!)}s` : type!;
};

const sections = new Map(
  events
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section]),
);

describe('docs/events.md', () => {
  it('has a section for every event, and no other', () => {
    expect([...sections.keys()].toSorted()).toEqual(Object.keys(EVENT_DETAILS).toSorted());
  });

  it.each(Object.entries(EVENT_DETAILS))('has the fields of "%s" and their types', (name, schema) => {
    const { properties = {} } = z.toJSONSchema(schema) as JsonSchema;

    const told = rowsOf(sections.get(name)!).map(([field, type]) => [field, type]);

    expect(told).toEqual(Object.entries(properties).map(([field, property]) => [field, typeOf(property)]));
  });

  it('has the fields of what a rule hands over, and their defaults', () => {
    const { properties, required } = z.toJSONSchema(TriggeredRun, { io: 'input' }) as JsonSchema & {
      required: string[];
      properties: Record<string, { default?: unknown }>;
    };

    const told = rowsOf(inputs).map(([field, , value]) => [field, value === '' ? undefined : value]);

    const defaultOf = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : value);
    expect(new Map(told as [string, unknown][])).toEqual(
      new Map(Object.entries(properties).map(([field, property]) => [field, defaultOf(property.default)])),
    );
    expect(required).toEqual(['pipeline', 'trigger', 'occurrence']);
  });
});
