import { csvField } from '#shared/dataset/csv.ts';
import type { CsvRecord } from '#shared/dataset/read-csv.ts';
import { FeatureMismatchError } from '#shared/errors.ts';
import type { Feature, FeatureContract } from '#shared/models/feature-contract.ts';
import { valueMistake } from '#shared/models/feature-value.ts';
import { listOf, matchFeatures } from '#shared/models/match-features.ts';

type Fields = CsvRecord['fields'];

/** Reads one record as the CSV line that the model is sent; undefined for what is no row: a header, or a blank line. */
export type FeatureRowReader = (record: CsvRecord) => string | undefined;

/**
 * Reads rows by position, or by the names in a header. Without a contract each row must be as long as the first one.
 *
 * @param place what the rows stand in, for the messages: a file, or the body of a request.
 * @throws FeatureMismatchError for a row that isn't one of the model's features, and for a header of other names.
 */
export const featureRowReader = (contract: FeatureContract | undefined, place: string): FeatureRowReader => {
  let order: readonly number[] | undefined;
  let width = contract?.features.length;
  let isFirst = true;
  return ({ line, fields }) => {
    if (isBlank(fields) && width !== 1) return undefined;
    if (isFirst && contract && isHeader(fields, contract)) {
      isFirst = false;
      const offered = fields.map((name) => ({ name: spelledAs(name!, contract) }));
      order = matchFeatures(contract, offered, `The first line of ${place}`);
      return undefined;
    }
    isFirst = false;
    width ??= fields.length;
    const where = `Line ${line} of ${place}`;
    if (fields.length !== width) throw new FeatureMismatchError(wrongWidth(where, fields, width, contract));
    const row = order ? order.map((position) => fields[position]!) : fields;
    if (contract) assertValues(where, row, contract);
    return row.map(csvField).join(',');
  };
};

/** One row of values in the model's order as the CSV line that the model is sent. */
export const featureRow = (
  where: string,
  row: Fields,
  contract: FeatureContract | undefined,
  width: number,
): string => {
  if (contract && row.length > 0 && row.every((field) => isName(field, contract))) {
    throw new FeatureMismatchError(
      `${where} holds names of columns. Leave it out, or send each row as an object of its names.`,
    );
  }
  if (row.length !== width) throw new FeatureMismatchError(wrongWidth(where, row, width, contract));
  if (contract) assertValues(where, row, contract);
  return row.map(csvField).join(',');
};

const assertValues = (where: string, row: Fields, { features }: FeatureContract): void => {
  const mistakes = features.flatMap((feature, index) => {
    const mistake = valueMistake(feature, row[index] ?? null);
    return mistake ? [`${feature.name}: ${mistake}`] : [];
  });
  if (mistakes.length === 0) return;
  throw new FeatureMismatchError(
    `${where} has values of other types than in training.\n  ${mistakes.slice(0, MAX_MISTAKES).join('\n  ')}${separatorHint(row)}`,
  );
};

const MAX_MISTAKES = 10;

const wrongWidth = (where: string, fields: Fields, width: number, contract: FeatureContract | undefined): string => {
  const values = fields.length === 1 ? '1 value' : `${fields.length} values`;
  const expected = contract ? listOf(contract) : `The first row has ${width}.`;
  return `${where} has ${values}. ${expected}${separatorHint(fields)}`;
};

/** One field that holds separators of other dialects is a whole line of them. */
const separatorHint = (fields: Fields): string => {
  const [only] = fields;
  if (typeof only !== 'string' || !/[;\t|]/.test(fields.join(','))) return '';
  const separator = /\t/.test(only) ? 'tabs' : only.includes(';') ? 'semicolons' : 'bars';
  return ` Its values seem to be separated by ${separator}: commas are needed between them, and points in numbers.`;
};

const isBlank = (fields: Fields): boolean => fields.length === 1 && fields[0] === null;

/**
 * Whether a first line names columns: all of its fields are names that training knew; or some are, and it is no row that the
 * model could be sent, as where the names of other columns are among them.
 */
const isHeader = (fields: Fields, contract: FeatureContract): boolean => {
  const namedCount = fields.filter((field) => isName(field, contract)).length;
  if (namedCount === fields.length) return true;
  return namedCount > 0 && !fields.some(isNumber) && !isRow(fields, contract);
};

const isName = (field: string | null, { features, key, target }: FeatureContract): boolean =>
  field !== null &&
  [...features.map(({ name }) => name), ...key, target].some((name) => normalized(name) === normalized(field));

const isRow = (fields: Fields, { features }: FeatureContract): boolean =>
  fields.length === features.length && features.every((feature, index) => !valueMistake(feature, fields[index]!));

const isNumber = (field: string | null): boolean =>
  field !== null && field.trim() !== '' && Number.isFinite(Number(field));

/** The name that is meant: as it is, or the only one that differs by case or blanks. */
const spelledAs = (name: string, { features, key, target }: FeatureContract): string => {
  const names = [...features.map((feature: Feature) => feature.name), ...key, target];
  if (names.includes(name)) return name;
  const alike = names.filter((each) => normalized(each) === normalized(name));
  return alike.length === 1 ? alike[0]! : name;
};

const normalized = (name: string): string => name.trim().toUpperCase();
