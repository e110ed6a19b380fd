import { describe, expect, it } from 'vitest';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';

const base = { name: 'flights', source: { view: 'V', key: ['ID'], target: 'LATE' } };
const prediction = {
  source: { view: 'V_SCORE', key: ['ID'] },
  columns: [{ name: 'P', type: 'DOUBLE' }],
  target: { table: 'T' },
};

const mistakesOf = (settings: object): string[] =>
  PipelineDefinition.safeParse({ ...base, ...settings }).error?.issues.map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  ) ?? [];

describe('PipelineDefinition', () => {
  it('wants a gate to judge metrics that are read from the log', () => {
    const training = { metrics: [{ name: 'auc', regex: 'auc=(.*)' }] };

    expect(mistakesOf({ training, gate: [{ metric: 'auc', min: 0.5 }] })).toEqual([]);
    expect(mistakesOf({ training, gate: [{ metric: 'auk', min: 0.5 }] })).toEqual([
      'gate.0.metric: is not one of training.metrics, which has auc',
    ]);
  });

  it('wants something deployed where an endpoint is to predict', () => {
    const byEndpoint = { ...prediction, method: 'endpoint' };

    expect(mistakesOf({ prediction: byEndpoint, deployment: { target: 'sagemaker' } })).toEqual([]);
    expect(mistakesOf({ prediction: byEndpoint })).toEqual([expect.stringContaining('prediction.method')]);
  });

  it.each(['replace', 'versioned'])(
    'refuses a watermark with the mode %s, which would show the new rows only',
    (mode) => {
      const source = { ...prediction.source, watermark: 'ID' };
      const writing = (target: object) => mistakesOf({ prediction: { ...prediction, source, target } });

      expect(writing({ table: 'T', mode })).toEqual([
        expect.stringContaining(`prediction.source.watermark: reads new rows only`),
      ]);
      expect([writing({ table: 'T' }), writing({ table: 'T', mode: 'upsert' })]).toEqual([[], []]);
    },
  );

  it('wants a target table that is not one of its own, with room for the name of a view, and a limit that makes sense', () => {
    const targeting = (target: object) => mistakesOf({ prediction: { ...prediction, target } });

    expect(targeting({ table: 'T', mode: 'versioned', maxRejected: 0.01 })).toEqual([]);
    expect(targeting({ table: 'T', maxRejected: 100 })).toEqual([]);
    expect(targeting({ table: 'FEDML_LEDGER' })).toEqual([
      expect.stringContaining('prediction.target.table: begins with'),
    ]);
    expect(targeting({ table: 'T'.repeat(120), mode: 'append' })).toEqual([]);
    expect(targeting({ table: 'T'.repeat(120), mode: 'versioned' })).toEqual([expect.stringContaining('_CURRENT')]);
    expect(targeting({ table: 'T', maxRejected: 1.5 })).toEqual([expect.stringContaining('whole number')]);
  });

  it('wants columns that a table can have, before a training is paid for', () => {
    const predicting = (...columns: object[]) => mistakesOf({ prediction: { ...prediction, columns } });
    const typed = (type: string) => predicting({ name: 'P', type });

    for (const type of ['NVARCHAR(1)', 'NVARCHAR(5000)', 'DECIMAL(38,38)', 'DECIMAL(1)'])
      expect(typed(type)).toEqual([]);
    for (const type of ['NVARCHAR(0)', 'NVARCHAR(5001)', 'DECIMAL(39,2)', 'DECIMAL(5,9)', 'DECIMAL(0)']) {
      expect(typed(type)).toEqual([expect.stringMatching(/^prediction\.columns\.0\.type: must be NVARCHAR/)]);
    }
    for (const name of ['ID', 'RUN_ID', 'MODEL', 'PREDICTED_AT', 'INSERTED_AT']) {
      expect(predicting({ name, type: 'DOUBLE' })).toEqual([
        expect.stringMatching(`^prediction.columns: would be twice in the table: ${name}\\. `),
      ]);
    }
    expect(predicting({ name: 'P', type: 'DOUBLE' }, { name: 'P', type: 'DATE' })).toEqual([
      expect.stringContaining('twice in the table: P.'),
    ]);
  });

  it('wants a gate that a model can pass', () => {
    const judging = (regex: string, rule: object) =>
      mistakesOf({ training: { metrics: [{ name: 'auc', regex }] }, gate: [{ metric: 'auc', ...rule }] });

    expect(judging('(?i)auc=([0-9.]+)', { min: 1, max: 1 })).toEqual([]);
    expect(judging('auc=(.*)', { min: 0.9, max: 0.8 })).toEqual(['gate.0.max: must be at least min']);
    expect(judging('auc=[0-9.]+', { min: 0.9 })).toEqual([
      'training.metrics.0.regex: needs a group around the number, as in auc=([0-9.]+)',
    ]);
  });

  it('keeps the hyperparameters within what SageMaker takes', () => {
    const hyperparameters = (values: object) => mistakesOf({ training: { hyperparameters: values } });

    expect(hyperparameters({ depth: 3, layers: [8, 8], text: 'x'.repeat(2498) })).toEqual([]);
    expect(hyperparameters({ sagemaker_program: 'x' })).toHaveLength(1);
    expect(hyperparameters({ text: 'x'.repeat(2499) })).toHaveLength(1);
    expect(hyperparameters(Object.fromEntries(Array.from({ length: 96 }, (_, n) => [`h${n}`, n])))).toHaveLength(1);
  });
});
