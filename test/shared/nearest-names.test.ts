import { expect, it } from 'vitest';
import { nearestNames } from '#shared/nearest-names.ts';

it('offers the names within a few letters, nearest first', () => {
  expect(nearestNames('flighs', ['fights', 'flights', 'weather'])).toEqual(['flights', 'fights']);
});

it('doesn’t mind capital letters', () => {
  expect(nearestNames('v_training', ['V_TRAINING', 'V_SCORING'])).toEqual(['V_TRAINING']);
});

it('offers nothing where nothing is near', () => {
  expect(nearestNames('flights', ['penguins'])).toEqual([]);
});
