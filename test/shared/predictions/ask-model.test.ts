import { describe, expect, it } from 'vitest';
import { ModelTimeoutError } from '#shared/errors.ts';
import { askModel } from '#shared/predictions/ask-model.ts';
import { openPace } from '#shared/predictions/pace.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';

/** A model that answers no more than so many rows in the time that it is given. */
const slowModel = (maxRows: number): ModelServer & { readonly asked: number[] } => {
  const asked: number[] = [];
  return {
    asked,
    async predict(_, csv) {
      const rows = csv.trimEnd().split('\n');
      asked.push(rows.length);
      if (rows.length > maxRows) throw new ModelTimeoutError('The model behind slow gave no answer within 60 s.');
      return csv;
    },
    lastWords: async () => 'Traceback (most recent call last):\nDeadlock',
  };
};

const ROWS = ['1', '2', '3', '4', '5', '6', '7'];

describe('a model that is too slow', () => {
  it('is asked in halves, and answers all rows in order', async () => {
    const pace = openPace(1);

    expect((await askModel(slowModel(2), 'slow', ROWS, { pace })).flat()).toEqual(ROWS);
    expect(pace.maxRows).toBe(2);
  });

  it('fails with the end of its log when one row is too much', async () => {
    await expect(askModel(slowModel(0), 'slow', ROWS)).rejects.toMatchObject({
      name: 'ModelTimeoutError',
      message: expect.stringMatching(
        /within 60 s\. It was asked for one row\. Its log ends with:\nTraceback[\s\S]*Deadlock$/,
      ),
    });
  });

  it('is not asked again where somebody waits', async () => {
    const model = slowModel(2);

    await expect(askModel(model, 'slow', ROWS, { isPatient: false })).rejects.toMatchObject({
      message: expect.stringContaining('It was asked for 7 rows.'),
    });
    expect(model.asked).toEqual([7]);
  });
});
