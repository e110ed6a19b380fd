import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { InvalidInputError } from '#shared/errors.ts';

/** How a type's values are written as text and bound as parameters. */
export type TypeKind =
  | 'integer'
  | 'decimal'
  | 'real'
  | 'double'
  | 'boolean'
  | 'text'
  | 'binary'
  | 'date'
  | 'time'
  | 'timestamp';

type ColumnType = Pick<DatasetColumn, 'type' | 'length' | 'scale'>;

interface TypeFacts {
  readonly kind: TypeKind;
  /** The type in a CREATE TABLE or a CAST. */
  readonly ddl: (column: ColumnType) => string;
  /** SYS.TABLE_COLUMNS.LENGTH of a type that is written without one. */
  readonly length: number;
  /** Large objects can't be keys, nor be compared. */
  readonly large?: true;
  /** The scale of a column that is declared without one: null where each value has a point of its own. */
  readonly scale?: null;
}

const plain = (kind: TypeKind, name: string, length: number): TypeFacts => ({ kind, ddl: () => name, length });

const sized = (kind: TypeKind, name: string): TypeFacts => ({
  kind,
  ddl: ({ length }) => `${name}(${length})`,
  length: 1,
});

const large = (kind: TypeKind, name: string): TypeFacts => ({ ...plain(kind, name, 2_147_483_647), large: true });

/** A DECIMAL without precision is a floating one: up to 34 digits, the point anywhere. Its SCALE is NULL. */
const decimal: TypeFacts = {
  kind: 'decimal',
  ddl: ({ length, scale }) => (scale === null ? 'DECIMAL' : `DECIMAL(${length}, ${scale})`),
  length: 34,
  scale: null,
};

/** A floating decimal of up to 16 digits. It has no scale, whatever a catalog or a manifest says. */
const smallDecimal: TypeFacts = { ...plain('decimal', 'SMALLDECIMAL', 16), scale: null };

/** By DATA_TYPE_NAME of SYS.VIEW_COLUMNS. Types that are missing here, such as ST_POINT, have no text that comes back. */
const TYPES: ReadonlyMap<string, TypeFacts> = new Map([
  ['TINYINT', plain('integer', 'TINYINT', 3)],
  ['SMALLINT', plain('integer', 'SMALLINT', 5)],
  ['INTEGER', plain('integer', 'INTEGER', 10)],
  ['BIGINT', plain('integer', 'BIGINT', 19)],
  ['DECIMAL', decimal],
  ['SMALLDECIMAL', smallDecimal],
  ['REAL', plain('real', 'REAL', 7)],
  ['DOUBLE', plain('double', 'DOUBLE', 15)],
  ['FLOAT', plain('double', 'DOUBLE', 15)],
  ['BOOLEAN', plain('boolean', 'BOOLEAN', 1)],
  ['CHAR', sized('text', 'VARCHAR')],
  ['NCHAR', sized('text', 'NVARCHAR')],
  ['VARCHAR', sized('text', 'VARCHAR')],
  ['NVARCHAR', sized('text', 'NVARCHAR')],
  ['ALPHANUM', sized('text', 'NVARCHAR')],
  ['SHORTTEXT', sized('text', 'NVARCHAR')],
  ['VARBINARY', sized('binary', 'VARBINARY')],
  ['BINARY', sized('binary', 'VARBINARY')],
  ['DATE', plain('date', 'DATE', 10)],
  ['TIME', plain('time', 'TIME', 8)],
  ['SECONDDATE', plain('timestamp', 'SECONDDATE', 19)],
  ['TIMESTAMP', plain('timestamp', 'TIMESTAMP', 27)],
  ['CLOB', large('text', 'CLOB')],
  ['NCLOB', large('text', 'NCLOB')],
  ['TEXT', large('text', 'NCLOB')],
  ['BLOB', large('binary', 'BLOB')],
]);

/** How values of the column's type are handled, or undefined for a type that can't be staged. */
export const typeKind = ({ type }: Pick<DatasetColumn, 'type'>): TypeKind | undefined => TYPES.get(type)?.kind;

export const isLarge = ({ type }: Pick<DatasetColumn, 'type'>): boolean => TYPES.get(type)?.large === true;

/** Whether the point of a decimal number may stand anywhere, so that there is no scale to round to. */
export const isFloatingDecimal = ({ type, scale }: Pick<DatasetColumn, 'type' | 'scale'>): boolean =>
  type === 'SMALLDECIMAL' || (type === 'DECIMAL' && scale === null);

/** Whether the type is declared with a number of characters or bytes. */
export const hasLength = (column: Pick<DatasetColumn, 'type'>): boolean =>
  ['text', 'binary'].includes(typeKind(column) ?? '') && !isLarge(column);

/** The column's type as it is written in SQL. */
export const typeDdl = (column: ColumnType): string => factsOf(column.type).ddl(column);

/** A column of a type as `pipeline.yml` writes it, such as `DECIMAL(10, 2)`. */
export const columnOfType = (name: string, type: string, nullable = true): DatasetColumn => {
  const [, typeName = '', length, scale] = /^(\w+)(?:\((\d+)(?:,\s*(\d+))?\))?$/.exec(type) ?? [];
  const facts = factsOf(typeName);
  return {
    name,
    type: typeName,
    length: length === undefined ? facts.length : Number(length),
    scale: scale !== undefined ? Number(scale) : length === undefined && facts.scale === null ? null : 0,
    nullable,
  };
};

const factsOf = (type: string): TypeFacts => {
  const facts = TYPES.get(type);
  if (!facts) throw new InvalidInputError(`Columns of the HANA type ${type} can't be read or written.`);
  return facts;
};
