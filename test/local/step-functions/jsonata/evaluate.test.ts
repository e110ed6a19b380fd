import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { evaluate, isExpression, sourceOf } from '#local/step-functions/jsonata/evaluate.ts';

describe('an expression', () => {
  it.each([
    ['{% 1 %}', true],
    ['{%1%}', true],
    ['{%\n1\n%}', true],
    ['{%%}', true],
    ['{%}', false],
    [' {% 1 %}', false],
    ['{% 1 %} ', false],
    ['text', false],
  ])('%j is one: %s', (text, expected) => {
    expect(isExpression(text)).toBe(expected);
  });

  it('is what stands between the delimiters', () => {
    expect(sourceOf('{% $a + 1 %}')).toBe('$a + 1');
  });
});

describe('evaluating', () => {
  it('sees variables and $states, and nothing of another evaluation', async () => {
    const values = await Promise.all(
      [1, 2, 3].map((n) => evaluate('$x + $states.input', { x: n, states: { input: 10 } })),
    );

    expect(values).toEqual([11, 12, 13]);
    expect(await evaluate('$x', {})).toBeUndefined();
  });

  it.each([
    ['$states.input[v > 1].v', 2],
    ['$states.input[v > 5]', undefined],
    ['[$states.input[v > 1].v]', [2]],
    ['{"n": null}', { n: null }],
    ['[1/0, -1/0]', ['Infinity', '-Infinity']],
  ])('%s', async (source, expected) => {
    const value = await evaluate(source, { states: { input: [{ v: 1 }, { v: 2 }] } });

    expect(value).toEqual(expected);
  });

  it('gives plain arrays without the marks of the library', async () => {
    const value = await evaluate('$states.input[v > 0]', { states: { input: [{ v: 1 }, { v: 2 }] } });

    expect(Object.keys(value as object)).toEqual(['0', '1']);
  });

  it.each([
    ['a function', '$sum', /is a function/],
    ['a function inside', '{"f": function($x){$x}}', /is a function/],
    ['what 2.0.6 does not know', '1 ?: 2', /S0211/],
    ['a wrong type', '"a" + 1', /T2001/],
    ['a text of any length', "$pad('', 7000000, 'x') & '!'", /too long/],
    ['an endless nesting', '($f := function($x) { 1 + $f($x) }; $f(1))', /D1011/],
  ])('refuses %s', async (_what, source, message) => {
    await expect(evaluate(source, {})).rejects.toMatchObject({
      name: 'JsonataError',
      message: expect.stringMatching(message),
    });
  });

  it('breaks a search off that backtracks without end', async () => {
    const searching = evaluate('$match($text, /^(a+)+$/)', { text: `${'a'.repeat(60)}!` });

    await expect(searching).rejects.toMatchObject({ name: 'JsonataError', message: expect.stringMatching(/^U1001/) });
  });

  it('finds one match of a regular expression after the other', async () => {
    expect(await evaluate('$replace($text, /(\\d)-/, "$1")', { text: '1-2-3-' })).toBe('123');
    expect(await evaluate('$split($text, /, */i)', { text: 'a,b,  c' })).toEqual(['a', 'b', 'c']);
  });

  it('breaks an endless tail recursion off, and lets others work meanwhile', async () => {
    let ticks = 0;
    const endless = evaluate('($f := function($x) { $f($x) }; $f(1))', {}, 400).catch((error: Error) => error);
    const started = performance.now();
    while (performance.now() - started < 350) {
      await sleep(5);
      ticks += 1;
    }

    expect(await endless).toMatchObject({ name: 'JsonataError', message: expect.stringMatching(/U1001/) });
    expect(ticks).toBeGreaterThan(1);
  });
});
