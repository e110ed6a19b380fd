import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cesu8Length, decodeCesu8, encodeCesu8, utf16Length } from '#local/hana/protocol/cesu8.ts';

const text = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), fc.constantFrom('a', 'é', '€', '😀')),
});

it('encodes each half of a surrogate pair by itself', () => {
  expect(encodeCesu8('x😀').toString('hex')).toBe('78eda0bdedb880');
});

it('reads back what it wrote, and counts it right', () => {
  fc.assert(
    fc.property(text, (value) => {
      const utf8 = Buffer.from(value);
      const cesu8 = encodeCesu8(value);

      expect(decodeCesu8(cesu8)).toBe(value);
      expect(cesu8Length(utf8, 0, utf8.length)).toBe(cesu8.length);
      expect(utf16Length(utf8, 0, utf8.length)).toBe(value.length);
    }),
    { numRuns: 1000 },
  );
});

it('encodes a piece of text that ends between the halves of a pair', () => {
  fc.assert(
    fc.property(text, fc.nat(20), (value, cut) => {
      const pieces = [value.slice(0, cut), value.slice(cut)].map((piece) => encodeCesu8(piece));

      expect(Buffer.concat(pieces)).toEqual(encodeCesu8(value));
    }),
  );
});

it('takes plain UTF-8 as well', () => {
  expect(decodeCesu8(Buffer.from('äö😀'))).toBe('äö😀');
});

it.each([
  ['the first half of a pair alone', 'eda0bd'],
  ['the second half alone', 'edb880'],
  ['two first halves', 'eda0bdeda0bd'],
  ['a cut character', '78e282'],
  ['a byte that starts nothing', '80'],
])('refuses %s', (_, hex) => {
  expect(() => decodeCesu8(Buffer.from(hex, 'hex'))).toThrow(/CESU-8/);
});
