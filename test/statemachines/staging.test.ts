import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

/** The package has no types. */
const validate: (definition: unknown) => { isValid: boolean; errors: unknown[] } = createRequire(import.meta.url)(
  'asl-validator',
);

const definitionText = () => readFile('statemachines/staging.asl.json', 'utf8');

describe('statemachines/staging.asl.json', () => {
  it('is valid Amazon States Language', async () => {
    const text = (await definitionText()).replaceAll(
      /\$\{(\w+)\}/g,
      'arn:aws:lambda:eu-central-1:123456789012:function:$1',
    );
    const definition = JSON.parse(text);

    const { isValid, errors } = validate(definition);

    expect(errors).toEqual([]);
    expect(isValid).toBe(true);
  });

  it('has a substitution and a function for every placeholder', async () => {
    const placeholders = new Set((await definitionText()).match(/\$\{\w+\}/g));
    const template = parse(await readFile('statemachines/staging.yml', 'utf8'), {
      customTags: [{ tag: '!GetAtt', resolve: (value: string) => value }],
    });
    const functions = parse(await readFile('functions/staging/functions.yml', 'utf8'));

    const substitutions = template.Resources.StagingStateMachine.Properties.DefinitionSubstitutions;

    expect(Object.keys(substitutions).map((name) => `\${${name}}`)).toEqual([...placeholders].sort());
    expect(Object.keys(substitutions)).toEqual(
      Object.keys(functions).map((name) => `${name[0]!.toUpperCase()}${name.slice(1)}FunctionArn`),
    );
  });
});
