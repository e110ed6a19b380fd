import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testSplit } from '#shared/dataset/split.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';

const ID = columnOfType('ID', 'BIGINT');
const NOTE = columnOfType('NOTE', 'NVARCHAR(100)');

describe('testSplit', () => {
  it('follows its formula, which anybody can compute', () => {
    const isTest = testSplit([ID, NOTE], { testFraction: 0.3, seed: 'seven' });

    fc.assert(
      fc.property(fc.integer(), fc.option(fc.string()), (id, note) => {
        const noteText = note === null ? '' : note === '' ? '""' : note;
        fc.pre(!/[",\r\n]/.test(noteText) || note === '');
        const digest = createHash('sha256').update(`seven\n${id},${noteText}`).digest();

        expect(isTest([id, note])).toBe(digest.readUIntBE(0, 6) / 2 ** 48 < 0.3);
      }),
    );
  });

  it('does not tell apart the forms in which the driver gives an integer', () => {
    const isTest = testSplit([ID], { testFraction: 0.5, seed: '' });

    fc.assert(fc.property(fc.maxSafeInteger(), (id) => isTest([id]) === isTest([String(id)])));
  });

  it.each([0.01, 0.2, 0.5, 0.9])('keeps about the share %d of many keys', (testFraction) => {
    const isTest = testSplit([ID], { testFraction, seed: 'share' });

    const testCount = Array.from({ length: 20_000 }, (_, id) => isTest([id])).filter(Boolean).length;

    expect(testCount / 20_000).toBeCloseTo(testFraction, 1.7);
  });

  it('grows the test set without dropping a row of it when the fraction grows', () => {
    const isTest = testSplit([ID], { testFraction: 0.2, seed: '' });
    const isTestOfMore = testSplit([ID], { testFraction: 0.3, seed: '' });

    fc.assert(fc.property(fc.integer(), (id) => !isTest([id]) || isTestOfMore([id])));
  });

  it('splits otherwise with another seed', () => {
    const one = testSplit([ID], { testFraction: 0.5, seed: 'one' });
    const two = testSplit([ID], { testFraction: 0.5, seed: 'two' });

    const differing = Array.from({ length: 1_000 }, (_, id) => one([id]) !== two([id])).filter(Boolean).length;

    expect(differing).toBeGreaterThan(400);
    expect(differing).toBeLessThan(600);
  });
});
