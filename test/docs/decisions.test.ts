import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const numbers = readdirSync(join(import.meta.dirname, '..', '..', 'docs', 'decisions')).map((file) => file.slice(0, 4));

it('numbers the decisions without a gap, each number once', () => {
  expect(numbers.sort()).toEqual(numbers.map((_, index) => String(index + 1).padStart(4, '0')));
});
