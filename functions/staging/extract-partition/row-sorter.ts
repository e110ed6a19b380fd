import { csvEncoder } from '#shared/dataset/csv.ts';
import type { DatasetColumn, DatasetName } from '#shared/dataset/manifest.ts';
import { testSplit } from '#shared/dataset/split.ts';
import { DATASETS_OF, type StagingPlan } from '#shared/dataset/staging-plan.ts';
import { UnstageableValueError } from '#shared/errors.ts';
import { typeKind } from '#shared/warehouse/column-types.ts';
import type { Row } from '#shared/warehouse/warehouse.ts';

export interface SortedRows {
  readonly text: string;
  readonly rowCount: number;
}

export interface RowSorter {
  /** The columns to read: those of the parts, then those of the key that the parts leave out. */
  readonly columns: readonly DatasetColumn[];
  readonly datasets: readonly DatasetName[];
  /** The rows as text, one piece for each dataset. */
  readonly sort: (rows: readonly Row[]) => SortedRows[];
}

/** Encodes rows and sorts them into the datasets of the plan: by the split, or all into the one to score. */
export const rowSorter = (plan: StagingPlan): RowSorter => {
  const names = new Set(plan.columns.map(({ name }) => name));
  const columns = [...plan.columns, ...plan.key.filter(({ name }) => !names.has(name))];
  const datasetOf = datasetChooser(plan, columns);
  const datasets = DATASETS_OF[plan.purpose];
  const encode = csvEncoder(plan.columns);
  const check = plan.refuseLineBreaks ? lineBreakCheck(plan.columns) : undefined;
  return {
    columns,
    datasets,
    sort: (rows) => {
      const texts = datasets.map(() => '');
      const counts = datasets.map(() => 0);
      for (const row of rows) {
        check?.(row);
        const dataset = datasetOf(row);
        texts[dataset]! += encode(row);
        counts[dataset]! += 1;
      }
      texts.forEach(refuseLoneSurrogates);
      return texts.map((text, index) => ({ text, rowCount: counts[index]! }));
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

/** Half of a surrogate pair has no UTF-8 form, and would be staged as another character. */
const refuseLoneSurrogates = (text: string): void => {
  if (!text.isWellFormed()) {
    throw new UnstageableValueError(
      'A text value holds half of a surrogate pair, which UTF-8 has no form for. Correct it in the source, or replace it in the view.',
    );
  }
};
