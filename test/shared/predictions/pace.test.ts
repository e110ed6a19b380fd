import { describe, expect, it } from 'vitest';
import { openPace } from '#shared/predictions/pace.ts';

/** Asks a model that needs so long for a row, of endless rows, and answers with the sizes of the requests. */
const requests = (millisecondsPerRow: number, count: number, pace = openPace(1)): number[] =>
  Array.from({ length: count }, () => {
    const rows = pace.maxRows;
    pace.answered(rows, rows * millisecondsPerRow);
    return rows;
  });

describe('the pace of questions', () => {
  it('doubles while the model is quick', () => {
    expect(requests(0.01, 5)).toEqual([500, 1000, 2000, 4000, 8000]);
  });

  it('settles at ten seconds a request for a slow model', () => {
    expect(requests(6.1, 4)).toEqual([500, 1000, 1639, 1639]);
    expect(requests(100, 3)).toEqual([500, 100, 100]);
  });

  it('begins with what the smoke test measured, where that is slow', () => {
    expect(openPace(1, { rowCount: 10, milliseconds: 5_000 }).maxRows).toBe(20);
    expect(openPace(1, { rowCount: 10, milliseconds: 1 }).maxRows).toBe(500);
    expect(openPace(1, { rowCount: 2, milliseconds: 58_000 }).maxRows).toBe(2);
  });

  it('does not return to what took too long', () => {
    const pace = openPace(1);

    pace.timedOut(500);
    expect(pace.maxRows).toBe(250);
    pace.answered(250, 10);
    expect(pace.maxRows).toBe(250);
  });

  it('does not grow by requests that the data cut short', () => {
    const pace = openPace(1);

    pace.answered(3, 1);

    expect(pace.maxRows).toBe(500);
  });
});
