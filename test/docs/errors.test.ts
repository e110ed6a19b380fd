import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as errors from '#shared/errors.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'errors.md'), 'utf8');

const classes = Object.entries(errors).filter(([name]) => name !== 'PipelineError') as [
  string,
  new (message: string) => Error,
][];

it('has a row for every error that a step can end with, and no other', () => {
  const rows = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);

  expect(rows.toSorted()).toEqual(classes.map(([name]) => name).toSorted());
});

it.each(classes)('%s is called what its class is, by a literal that minifying leaves', (name, PipelineError) => {
  expect(new PipelineError('x').name).toBe(name);
});
