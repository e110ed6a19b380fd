import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arnGlob, glob } from '#local/iam/policy/glob.ts';

/** Few letters, so that patterns and texts often meet; all that a regular expression or an ARN might take for its own. */
const letter = fc.constantFrom('a', 'b', '/', '.', '$', '{', '}', '\n', '\\', '[', '\u2028');
const text = fc
  .array(fc.oneof(letter, fc.constantFrom('*', '?', ':')), { maxLength: 8 })
  .map((letters) => letters.join(''));

/** What a pattern means, in the plainest way: a regular expression of it. */
const meaning = (tokens: readonly string[]): RegExp =>
  new RegExp(
    `^${tokens.map((token) => (token === '*' ? '.*' : token === '?' ? '.' : token.replace(/[.$\\[\]{}*?/()^|+]/g, '\\$&'))).join('')}$`,
    's',
  );

describe('a pattern', () => {
  it('matches what its wildcards mean, whatever characters there are', () => {
    const tokens = fc.array(fc.oneof(letter, fc.constantFrom('*', '?', ':')), { maxLength: 8 });
    fc.assert(
      fc.property(
        tokens.filter((list) => !list.join('').includes('${')),
        text,
        (list, given) => {
          expect(glob(list.join(''))(given)).toBe(meaning(list).test(given));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('matches itself when its wildcards are written as plain characters, and nothing else', () => {
    fc.assert(
      fc.property(text, text, (wanted, given) => {
        const escaped = wanted.replace(/[$*?]/g, (character) => `\${${character}}`);
        expect(glob(escaped)(wanted)).toBe(true);
        expect(glob(escaped)(given)).toBe(wanted === given);
      }),
    );
  });

  it('takes time in proportion to the text, however many wildcards it has', () => {
    const started = performance.now();

    expect(glob(`${'*a'.repeat(30)}b`)('a'.repeat(10_000))).toBe(false);

    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe("an ARN's pattern", () => {
  const execution = 'arn:aws:states:eu-central-1:000000000000:execution:m:n';
  it.each([
    ['*', true],
    ['arn:aws:states:*', true],
    ['arn:aws:states:eu-central-1:000000000000:execution:*', true],
    ['arn:aws:states:eu-central-1:000000000000:*:n', true],
    ['arn:aws:states:eu*1:*:execution:m:?', true],
    // No wildcard reaches over one of the first five colons.
    ['arn:aws:states:*:execution:m:n', false],
    ['arn:aws:states:eu*000:execution:m:n', false],
    ['arn:aws:states:::execution:m:n', false],
    ['arn:aws:states:eu-central-1:000000000000:execution:M:n', false],
    ['arn:aws:states:eu-central-1:000000000000:execution:m:n:*', false],
  ])('%s covers the execution: %s', (pattern, covers) => {
    expect(arnGlob(pattern)(execution)).toBe(covers);
  });

  it('covers a wildcard in a request as a plain character only', () => {
    expect(arnGlob('arn:aws:s3:::b/runs/*')('arn:aws:s3:::b/*')).toBe(false);
    expect(arnGlob('arn:aws:s3:::b/aXb')('arn:aws:s3:::b/a*b')).toBe(false);
    expect(arnGlob('arn:aws:s3:::b/*')('*')).toBe(false);
    expect(arnGlob('arn:aws:s3:::b/runs/*')('arn:aws:s3:::b/runs/a\nb\u2028*')).toBe(true);
  });
});
