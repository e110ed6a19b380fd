import { type DatasetColumn, DatasetFormat } from '#shared/dataset/manifest.ts';
import { isRangeable } from '#shared/dataset/partitions.ts';
import type { SplitSettings } from '#shared/dataset/split.ts';
import type { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import { InvalidInputError, InvalidPipelineError, UnstageableValueError } from '#shared/errors.ts';
import type { TrainingSource } from '#shared/pipeline/definition.ts';
import type { Run } from '#shared/pipeline/run.ts';
import { isLarge, typeKind } from '#shared/warehouse/column-types.ts';
import { pickColumns } from '#shared/warehouse/pick-columns.ts';
import { qualified } from '#shared/warehouse/sql.ts';
import type { QualifiedName } from '#shared/warehouse/warehouse.ts';

/** What `pipeline.yml` asks to be staged for one purpose. */
export interface Request {
  readonly purpose: StagingPurpose;
  readonly schema: string | undefined;
  readonly view: string;
  readonly columns: readonly string[] | undefined;
  readonly key: readonly string[];
  /** The column that a model learns; undefined when scoring. */
  readonly target: string | undefined;
  /** The key's columns come first in the parts, so that a batch transform can carry them past the model. */
  readonly keyFirst: boolean;
  readonly format: DatasetFormat;
  readonly refuseLineBreaks: boolean;
  readonly split: SplitSettings | undefined;
  readonly reading: ReadingSettings;
  readonly allowEmpty: boolean;
}

/** How a view is read, which is the same for both purposes. */
export type ReadingSettings = Pick<
  TrainingSource,
  'splitColumn' | 'partSizeMb' | 'maxConnections' | 'proof' | 'onChange' | 'maxShrink' | 'watermark'
>;

/** @throws InvalidInputError when scoring is asked of a pipeline that has no `prediction`. */
export const requestOf = (
  { mode, definition: { source, prediction } }: Pick<Run, 'mode' | 'definition'>,
  purpose: StagingPurpose,
): Request => {
  if (purpose === 'training') {
    return {
      purpose,
      schema: source.schema,
      view: source.view,
      columns: source.columns,
      key: source.key,
      target: source.target,
      keyFirst: false,
      format: formatOf(source),
      refuseLineBreaks: false,
      split: source.split,
      // A model is tested on any rows before it is deployed; there may be no new ones.
      reading: mode === 'deploy' ? { ...source, watermark: undefined } : source,
      allowEmpty: false,
    };
  }
  if (!prediction) throw new InvalidInputError('pipeline.yml has no `prediction`, so that there are no rows to score.');
  return {
    purpose,
    schema: prediction.source.schema,
    view: prediction.source.view,
    columns: prediction.source.columns,
    key: prediction.source.key,
    target: undefined,
    keyFirst: true,
    format: { type: 'csv', header: false },
    refuseLineBreaks: prediction.method === 'transform',
    split: undefined,
    reading: prediction.source,
    allowEmpty: prediction.source.allowEmpty,
  };
};

/** The definition's schema allows a compression only with its format. */
const formatOf = ({ format, header, compression }: TrainingSource): DatasetFormat => {
  const chosen = compression ?? (format === 'parquet' ? 'zstd' : 'none');
  return DatasetFormat.parse({
    type: format,
    ...(format === 'csv' ? { header } : {}),
    ...(chosen === 'none' ? {} : { compression: chosen }),
  });
};

/** The columns of the parts, in their order, and those of the key. */
export const selectColumns = (
  view: QualifiedName,
  available: readonly DatasetColumn[],
  { columns, key, target, keyFirst, reading }: Request,
): { readonly columns: DatasetColumn[]; readonly key: DatasetColumn[] } => {
  const listed = columns ?? available.map(({ name }) => name);
  const wanted = target === undefined ? listed : [...listed, target];
  const extra = [reading.splitColumn, reading.watermark].filter((name) => name !== undefined);
  const picked = pickColumns(view, available, [...new Set([...key, ...wanted, ...extra])]);
  const byName = new Map(picked.map((column) => [column.name, column]));
  const order = keyFirst ? [...key, ...listed.filter((name) => !key.includes(name))] : listed;
  refuseUnstageable(view, picked, key);
  refuseUnordered(view, byName, reading);
  return { columns: order.map((name) => byName.get(name)!), key: key.map((name) => byName.get(name)!) };
};

const refuseUnstageable = (view: QualifiedName, columns: readonly DatasetColumn[], key: readonly string[]): void => {
  const problems = [
    ...columns.filter((column) => !typeKind(column)).map(({ name, type }) => `${name} has the type ${type}`),
    ...columns
      .filter((column) => key.includes(column.name) && isLarge(column))
      .map(({ name, type }) => `${name} of the key has the type ${type}, which can't be compared`),
  ];
  if (problems.length > 0) {
    throw new UnstageableValueError(
      `${qualified(view)} has columns that can't be staged: ${problems.join('; ')}. Name the others in source.columns, or convert them in the view.`,
    );
  }
};

/** Ranges and watermarks need values that have an order and an exact text. */
const refuseUnordered = (
  view: QualifiedName,
  columns: ReadonlyMap<string, DatasetColumn>,
  { splitColumn, watermark }: ReadingSettings,
): void => {
  for (const [setting, name] of [
    ['splitColumn', splitColumn],
    ['watermark', watermark],
  ] as const) {
    const column = name === undefined ? undefined : columns.get(name)!;
    if (!column || isRangeable(column)) continue;
    throw new InvalidPipelineError(
      `source.${setting}: ${column.name} of ${qualified(view)} has the type ${column.type}${column.length > 0 ? ` (${column.length})` : ''}, which ranges can't be cut of. Name a column of numbers, dates, timestamps or short texts.`,
    );
  }
};
