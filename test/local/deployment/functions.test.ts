import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readFunctions } from '#local/deployment/functions.ts';

const functions = readFunctions(join(import.meta.dirname, '..', '..', '..'));

it('takes the variables of a function that stand in its entry, and leaves those that CloudFormation fills in to the laptop', () => {
  expect(functions.extractPartition!.environment).toHaveProperty('NODE_OPTIONS');
  expect(functions.startRun!.environment).toEqual({});
});
