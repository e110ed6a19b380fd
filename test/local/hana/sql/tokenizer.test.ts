import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textLiteral } from '#local/hana/sql/duckdb-text.ts';
import { quoteIdentifier, tokenize } from '#local/hana/sql/tokenizer.ts';

const meaningful = (sql: string) =>
  tokenize(sql)
    .filter(({ kind }) => kind !== 'space' && kind !== 'comment')
    .map(({ kind, value }) => [kind, value]);

describe('tokenize', () => {
  it('folds words to upper case and keeps quoted identifiers and strings as they are', () => {
    expect(meaningful(`select "a""B", 'it''s', N'ä' from t1$x`)).toEqual([
      ['word', 'SELECT'],
      ['identifier', 'a"B'],
      ['operator', ','],
      ['string', "it's"],
      ['operator', ','],
      ['string', 'ä'],
      ['word', 'FROM'],
      ['word', 'T1$X'],
    ]);
  });

  it.each([
    ['1', ['number', '1']],
    ['1.50', ['number', '1.50']],
    ['.5', ['number', '.5']],
    ['1e-3', ['number', '1e-3']],
    ['0x1F', ['number', '31']],
    ['0XffffFFFFff', ['number', '1099511627775']],
    ['?', ['parameter', '']],
    [':c1', ['parameter', 'C1']],
    [':1', ['parameter', '1']],
    ['#temp', ['word', '#TEMP']],
    ["x'0aFf'", ['binary', '0aFf']],
    ['<>', ['operator', '<>']],
    ['||', ['operator', '||']],
    ['größe', ['word', 'GRÖSSE']],
  ])('reads %s', (sql, token) => {
    expect(meaningful(sql)).toEqual([token]);
  });

  it('leaves out comments of both kinds, but not what looks like one inside quotes', () => {
    expect(meaningful(`a -- b\n/* c */ '--' "/*"`)).toEqual([
      ['word', 'A'],
      ['string', '--'],
      ['identifier', '/*'],
    ]);
  });

  it.each([
    ["'open"],
    ['"open'],
    ['/* open'],
    ['a ; ~'],
    ['$$'],
    ['`a`'],
    ['a[1]'],
    ['a::int'],
    ['{1}'],
    ['a % 2'],
    ['@x'],
    ['a & b'],
  ])('refuses %s with the place', (sql) => {
    expect(() => tokenize(sql)).toThrow(
      expect.objectContaining({ code: 257, message: expect.stringContaining('(at pos ') }),
    );
  });

  it('loses no character of any text that it reads', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...`ab1. '"-/*?:;\n\tßN😀_#,()<>=|`) }), (sql) => {
        const tokens = readable(sql);

        expect(tokens === undefined || tokens.map(({ text }) => text).join('') === sql).toBe(true);
      }),
    );
  });

  it('reads every quoted identifier and string back unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (name, text) => {
        expect(meaningful(`${quoteIdentifier(name)} ${textLiteral(text)}`)).toEqual([
          ['identifier', name],
          ['string', text],
        ]);
      }),
    );
  });
});

function readable(sql: string) {
  try {
    return tokenize(sql);
  } catch {
    return undefined;
  }
}
