import type { DatasetColumn, DatasetName } from '#shared/dataset/manifest.ts';
import { testSplit } from '#shared/dataset/split.ts';
import { columnsRead, DATASETS_OF, type StagingPlan } from '#shared/dataset/staging-plan.ts';
import { UnstageableValueError } from '#shared/errors.ts';
import { typeKind } from '#shared/warehouse/column-types.ts';
import type { Row } from '#shared/warehouse/warehouse.ts';

export interface RowSorter {
  /** The columns to read. */
  readonly columns: readonly DatasetColumn[];
  readonly datasets: readonly DatasetName[];
  /** The rows of each dataset. */
  readonly sort: (rows: readonly Row[]) => (readonly Row[])[];
}

/** Sorts rows into the datasets of the plan: by the split, or all into the one to score. */
export const rowSorter = (plan: StagingPlan): RowSorter => {
  const columns = columnsRead(plan);
  const datasetOf = datasetChooser(plan, columns);
  const datasets = DATASETS_OF[plan.purpose];
  const check = plan.refuseLineBreaks ? lineBreakCheck(plan.columns) : undefined;
  return {
    columns,
    datasets,
    sort: (rows) => {
      if (datasets.length === 1 && !check) return [rows];
      const sorted = datasets.map((): Row[] => []);
      for (const row of rows) {
        check?.(row);
        sorted[datasetOf(row)]!.push(row);
      }
      return sorted;
    },
  };
};

/** The place in the purpose's list of datasets. */
const datasetChooser = ({ split, key }: StagingPlan, columns: readonly DatasetColumn[]): ((row: Row) => number) => {
  if (!split) return () => 0;
  const isTest = testSplit(key, split);
  const indexes = key.map(({ name }) => columns.findIndex((column) => column.name === name));
  return (row) => (isTest(indexes.map((index) => row[index]!)) ? 1 : 0);
};

const lineBreakCheck = (columns: readonly DatasetColumn[]): ((row: Row) => void) => {
  const texts = columns.flatMap((column, index) => (typeKind(column) === 'text' ? [{ index, name: column.name }] : []));
  return (row) => {
    for (const { index, name } of texts) {
      const value = row[index];
      if (typeof value === 'string' && LINE_BREAK.test(value)) {
        throw new UnstageableValueError(
          `A value of ${name} has a line break, where a batch transform would cut the row in two. Score by \`prediction.method: endpoint\`, or leave the column out of prediction.source.columns.`,
        );
      }
    }
  };
};

const LINE_BREAK = /[\r\n]/;
