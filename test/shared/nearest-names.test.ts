import { describe, expect, it } from 'vitest';
import { didYouMean, nearestNames } from '#shared/nearest-names.ts';

describe('nearestNames', () => {
  it('offers the nearest first, and a difference in case before one in letters', () => {
    expect(nearestNames('orders', ['ORDER', 'CUSTOMERS', 'ORDERS', 'ORDRES'])).toEqual(['ORDERS', 'ORDER', 'ORDRES']);
  });

  it('offers nothing that is too far away', () => {
    expect(nearestNames('FLIGHTS', ['CUSTOMERS', 'ORDERS', ''])).toEqual([]);
    expect(didYouMean('FLIGHTS', ['CUSTOMERS'])).toBe('');
  });

  it('makes a question of them', () => {
    expect(didYouMean('FLIGHT', ['FLIGHTS', 'FREIGHT'])).toBe(' Did you mean "FLIGHTS" or "FREIGHT"?');
  });
});
