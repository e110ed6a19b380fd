import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import type { CsvRecord } from '#shared/dataset/read-csv.ts';
import { UnwritableValueError } from '#shared/errors.ts';
import { typeDdl } from '#shared/warehouse/column-types.ts';
import { textToValue } from '#shared/warehouse/text-value.ts';
import type { WarehouseValue } from '#shared/warehouse/warehouse.ts';

/**
 * Turns records of a file into rows of the columns' types.
 *
 * @throws UnwritableValueError naming file, line and column, and never the value.
 */
export const rowBinder = (
  columns: readonly DatasetColumn[],
  uri: string,
): ((record: CsvRecord) => WarehouseValue[]) => {
  const converters = columns.map(textToValue);
  return ({ line, fields }) => {
    if (fields.length !== columns.length) {
      throw new UnwritableValueError(
        `${uri}, line ${line}: there are ${fields.length} fields and ${columns.length} columns (${columns
          .map(({ name }) => name)
          .join(', ')}). The model must answer one value for each of prediction.columns.`,
      );
    }
    return converters.map((convert, index) => {
      try {
        return convert(fields[index]!);
      } catch (error) {
        const column = columns[index]!;
        throw new UnwritableValueError(
          `${uri}, line ${line}, column ${column.name} ${typeDdl(column)}: ${(error as Error).message}.`,
          { cause: error },
        );
      }
    });
  };
};
