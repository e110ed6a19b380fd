import { describe, expect, it } from 'vitest';
import type { PredictionSettings } from '#shared/pipeline/definition.ts';
import { checkTargetTable, predictionColumns, targetTable } from '#shared/predictions/target-table.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { definitionOf } from '#test/shared/pipeline/fixture.ts';

const settingsOf = (type: string, mode = 'append'): PredictionSettings =>
  definitionOf({
    prediction: {
      source: { view: 'V', key: ['ID'] },
      columns: [{ name: 'SCORE', type }],
      target: { table: 'SCORES', mode },
    },
  }).prediction!;

const KEY = [columnOfType('ID', 'NVARCHAR(10)')];

const tableOf = (type: string) => {
  const settings = settingsOf(type);
  return targetTable(settings, KEY, predictionColumns(settings, KEY));
};

describe('checkTargetTable', () => {
  it.each([
    ['INTEGER', 'BIGINT'],
    ['REAL', 'DOUBLE'],
    ['DECIMAL(10,2)', 'DECIMAL(12,4)'],
    ['DECIMAL(10,2)', 'DECIMAL(10,2)'],
    ['NVARCHAR(10)', 'NVARCHAR(10)'],
    ['NVARCHAR(10)', 'NVARCHAR(20)'],
    ['DATE', 'TIMESTAMP'],
  ])('takes %s into a column of %s', (wanted, existing) => {
    expect(() => checkTargetTable(tableOf(existing), tableOf(wanted))).not.toThrow();
  });

  it.each([
    ['BIGINT', 'INTEGER'],
    ['DOUBLE', 'REAL'],
    ['DOUBLE', 'DECIMAL(10,2)'],
    ['DECIMAL(10,2)', 'DECIMAL(10,4)'],
    ['DECIMAL(10,2)', 'DOUBLE'],
    ['NVARCHAR(10)', 'NVARCHAR(9)'],
    ['TIMESTAMP', 'DATE'],
    ['BOOLEAN', 'INTEGER'],
  ])('does not take %s into a column of %s', (wanted, existing) => {
    expect(() => checkTargetTable(tableOf(existing), tableOf(wanted))).toThrow(
      expect.objectContaining({
        name: 'TargetTableError',
        message: expect.stringMatching(/SCORE is .* and must hold/),
      }),
    );
  });
});

describe('predictionColumns', () => {
  it('makes the key the primary key of a table to upsert into, and of no other', () => {
    const tables = ['append', 'upsert', 'replace'].map((mode) => {
      const settings = settingsOf('DOUBLE', mode);
      return targetTable(settings, KEY, predictionColumns(settings, KEY));
    });

    expect(tables.map(({ primaryKey }) => primaryKey)).toEqual([[], ['ID'], []]);
    expect(tables.map(({ columns }) => columns[0]!.nullable)).toEqual([true, false, true]);
  });

  it('gives the key the type that a table can have', () => {
    const key = [{ name: 'ID', type: 'ALPHANUM', length: 8, scale: 0, nullable: false }];

    expect(predictionColumns(settingsOf('DOUBLE'), key)[0]).toEqual(columnOfType('ID', 'NVARCHAR(8)'));
  });
});
