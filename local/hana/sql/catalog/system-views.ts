import type { HanaType } from '../../engine.ts';
import type { Binding } from '../binder/binding.ts';
import { duckDbName, fixed, nvarchar, varchar } from '../column-types.ts';
import { textLiteral } from '../duckdb-text.ts';
import { hasPrivilege, isSchemaVisible, isVisible } from '../privileges.ts';
import {
  type Column,
  type Privilege,
  PUBLIC,
  primaryKeyOf,
  type SchemaObject,
  SYSTEM_USER,
  type Table,
  type View,
} from './catalog.ts';

type Value = string | number | null | undefined | { readonly time: number };

export interface SystemView {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: HanaType }[];
  readonly rows: (binding: Binding) => readonly (readonly Value[])[];
}

/** A view of schema SYS by its name, which is also its public synonym. */
export const systemView = (name: string): SystemView | undefined => VIEWS.get(name);

/** DuckDB's SQL for the rows that the user may see; its columns are c0, c1, …. */
export function systemViewSql(binding: Binding, view: SystemView): string {
  const rows = view.rows(binding);
  const names = view.columns.map((_, index) => `c${index}`).join(', ');
  const values = rows.map((row) => `(${row.map((value) => literal(value)).join(', ')})`);
  const none = `(${view.columns.map(() => 'NULL').join(', ')})`;
  const casts = view.columns.map(({ type }, index) => `CAST(c${index} AS ${duckDbName(type)}) AS c${index}`).join(', ');
  return `SELECT ${casts} FROM (VALUES ${values.length > 0 ? values.join(', ') : none}) AS v(${names})${values.length > 0 ? '' : ' WHERE FALSE'}`;
}

function literal(value: Value): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return textLiteral(value);
  return `make_timestamp(${Math.trunc(value.time * 1000)})`;
}

const NAME = nvarchar(256);
const FLAG = varchar(5);
const INTEGER = fixed('INTEGER');
const BIGINT = fixed('BIGINT');
const TIMESTAMP = fixed('TIMESTAMP');
const TEXT = nvarchar(5000);

function view(
  name: string,
  columns: Readonly<Record<string, HanaType>>,
  rows: SystemView['rows'],
): [string, SystemView] {
  return [name, { name, columns: Object.entries(columns).map(([column, type]) => ({ name: column, type })), rows }];
}

const flag = (value: boolean): string => (value ? 'TRUE' : 'FALSE');

function visible<K extends SchemaObject['kind']>(
  { catalog, user }: Binding,
  kind: K,
): Extract<SchemaObject, { kind: K }>[] {
  return [...catalog.objects.values()].filter(
    (object): object is Extract<SchemaObject, { kind: K }> =>
      object.kind === kind && isVisible(catalog, user, { schema: object.schema, object: object.name }),
  );
}

const COLUMN_PROPERTIES = {
  COLUMN_NAME: NAME,
  POSITION: INTEGER,
  DATA_TYPE_NAME: varchar(16),
  LENGTH: INTEGER,
  SCALE: INTEGER,
  IS_NULLABLE: FLAG,
  DEFAULT_VALUE: TEXT,
  COMMENTS: TEXT,
  INDEX_TYPE: varchar(16),
  COLUMN_ID: BIGINT,
  GENERATION_TYPE: varchar(30),
} as const;

interface ShownColumn {
  readonly name: string;
  readonly type: HanaType & { readonly declared?: string };
  readonly nullable: boolean;
  readonly defaultText?: string | undefined;
  readonly comment?: string | undefined;
  readonly identitySequence?: string | undefined;
}

const columnProperties = (column: ShownColumn, index: number, indexed: boolean): Value[] => [
  column.name,
  index + 1,
  column.type.declared ?? column.type.name,
  column.type.floatingDigits ?? column.type.length,
  column.type.name === 'DECIMAL' && column.type.floatingDigits === undefined ? column.type.scale : null,
  flag(column.nullable),
  plainDefault(column.defaultText),
  column.comment,
  indexed ? 'FULL' : 'NONE',
  index + 1,
  column.identitySequence ? 'BY DEFAULT AS IDENTITY' : null,
];

/** HANA shows the value of a string default without its quotes. */
function plainDefault(text: string | undefined): string | undefined {
  const quoted = text !== undefined && text.length >= 2 && text.startsWith("'") && text.endsWith("'");
  return quoted ? text.slice(1, -1).replaceAll("''", "'") : text;
}

const tableColumnRows = (table: Table): Value[][] =>
  table.columns.map((column: Column, index) => [
    table.schema,
    table.name,
    table.oid,
    ...columnProperties(column, index, primaryKeyOf(table).includes(column.name)),
  ]);

const viewColumnRows = (shown: View): Value[][] =>
  shown.columns.map((column, index) => [
    shown.schema,
    shown.name,
    shown.oid,
    ...columnProperties(column, index, false),
  ]);

const constraintRows = (table: Table): Value[][] =>
  table.constraints.flatMap(({ name, columns, primaryKey }) =>
    columns.map((column) => [
      table.schema,
      table.name,
      table.oid,
      column,
      table.columns.findIndex((other) => other.name === column) + 1,
      name,
      flag(primaryKey),
      'TRUE',
      null,
    ]),
  );

interface ShownIndex {
  readonly name: string;
  readonly columns: readonly string[];
  readonly constraint: string | null;
}

const indexesOf = (table: Table): ShownIndex[] => [
  ...table.constraints.map(({ name, columns, primaryKey }) => ({
    name,
    columns,
    constraint: primaryKey ? 'PRIMARY KEY' : 'UNIQUE',
  })),
  ...table.indexes.map(({ name, columns, unique }) => ({ name, columns, constraint: unique ? 'UNIQUE' : null })),
];

const privilegeRow = (grant: Privilege): Value[] => [
  grant.grantee,
  'USER',
  grant.grantor,
  grant.object === undefined ? 'SCHEMA' : 'TABLE',
  grant.schema,
  grant.object,
  null,
  grant.privilege,
  flag(grant.grantable),
  'TRUE',
];

const PRIVILEGE_COLUMNS = {
  GRANTEE: NAME,
  GRANTEE_TYPE: varchar(4),
  GRANTOR: NAME,
  OBJECT_TYPE: varchar(32),
  SCHEMA_NAME: NAME,
  OBJECT_NAME: NAME,
  COLUMN_NAME: NAME,
  PRIVILEGE: varchar(256),
  IS_GRANTABLE: FLAG,
  IS_VALID: FLAG,
} as const;

function privilegesSeenBy({ catalog, user }: Binding): Privilege[] {
  return [...catalog.privileges.values()].filter(
    (grant) =>
      user === SYSTEM_USER ||
      [user, PUBLIC].includes(grant.grantee) ||
      grant.grantor === user ||
      catalog.schemas.get(grant.schema)?.owner === user,
  );
}

/** Grants to a user and to PUBLIC, and what the owner of a schema may do without a grant. */
function effectivePrivileges(binding: Binding): Value[][] {
  const { catalog, user } = binding;
  const users = user === SYSTEM_USER ? [...catalog.users.keys()] : [user];
  return users.flatMap((name) => [
    ...[...catalog.privileges.values()]
      .filter(({ grantee }) => grantee === name || grantee === PUBLIC)
      .map((grant) => [name, ...privilegeRow(grant)]),
    ...[...catalog.schemas.values()]
      .filter(({ owner }) => owner === name)
      .flatMap((schema) =>
        ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'ALTER', 'DROP', 'CREATE ANY'].map((privilege) => [
          name,
          ...privilegeRow({ grantee: name, grantor: SYSTEM_USER, schema: schema.name, privilege, grantable: true }),
        ]),
      ),
  ]);
}

const VIEWS: ReadonlyMap<string, SystemView> = new Map([
  view('DUMMY', { DUMMY: varchar(1) }, () => [['X']]),
  view(
    'SCHEMAS',
    { SCHEMA_NAME: NAME, SCHEMA_OWNER: NAME, HAS_PRIVILEGES: FLAG, CREATE_TIME: TIMESTAMP },
    ({ catalog, user }) =>
      [...catalog.schemas.values()]
        .filter(({ name }) => isSchemaVisible(catalog, user, name))
        .map(({ name, owner, createTime }) => [
          name,
          owner,
          flag(hasPrivilege(catalog, user, 'SELECT', { schema: name })),
          { time: createTime },
        ]),
  ),
  view(
    'TABLES',
    {
      SCHEMA_NAME: NAME,
      TABLE_NAME: NAME,
      TABLE_OID: BIGINT,
      COMMENTS: TEXT,
      IS_COLUMN_TABLE: FLAG,
      TABLE_TYPE: varchar(16),
      HAS_PRIMARY_KEY: FLAG,
      IS_TEMPORARY: FLAG,
      TEMPORARY_TABLE_TYPE: varchar(8),
      CREATE_TIME: TIMESTAMP,
    },
    (binding) =>
      visible(binding, 'table').map((table) => [
        table.schema,
        table.name,
        table.oid,
        table.comment,
        flag(table.type === 'COLUMN'),
        table.type,
        flag(primaryKeyOf(table).length > 0),
        flag(table.temporary !== undefined),
        table.temporary ?? 'NONE',
        { time: table.createTime },
      ]),
  ),
  view(
    'VIEWS',
    {
      SCHEMA_NAME: NAME,
      VIEW_NAME: NAME,
      VIEW_OID: BIGINT,
      COMMENTS: TEXT,
      DEFINITION: fixed('NCLOB'),
      IS_COLUMN_VIEW: FLAG,
      VIEW_TYPE: varchar(16),
      IS_VALID: FLAG,
      IS_READ_ONLY: FLAG,
      CREATE_TIME: TIMESTAMP,
    },
    (binding) =>
      visible(binding, 'view').map((shown) => [
        shown.schema,
        shown.name,
        shown.oid,
        shown.comment,
        shown.text,
        'FALSE',
        'ROW',
        'TRUE',
        'TRUE',
        { time: shown.createTime },
      ]),
  ),
  view('TABLE_COLUMNS', { SCHEMA_NAME: NAME, TABLE_NAME: NAME, TABLE_OID: BIGINT, ...COLUMN_PROPERTIES }, (binding) =>
    visible(binding, 'table').flatMap(tableColumnRows),
  ),
  view('VIEW_COLUMNS', { SCHEMA_NAME: NAME, VIEW_NAME: NAME, VIEW_OID: BIGINT, ...COLUMN_PROPERTIES }, (binding) =>
    visible(binding, 'view').flatMap(viewColumnRows),
  ),
  view(
    'CONSTRAINTS',
    {
      SCHEMA_NAME: NAME,
      TABLE_NAME: NAME,
      TABLE_OID: BIGINT,
      COLUMN_NAME: NAME,
      POSITION: INTEGER,
      CONSTRAINT_NAME: NAME,
      IS_PRIMARY_KEY: FLAG,
      IS_UNIQUE_KEY: FLAG,
      CHECK_CONDITION: TEXT,
    },
    (binding) => visible(binding, 'table').flatMap(constraintRows),
  ),
  view(
    'INDEXES',
    {
      SCHEMA_NAME: NAME,
      TABLE_NAME: NAME,
      TABLE_OID: BIGINT,
      INDEX_NAME: NAME,
      INDEX_TYPE: varchar(32),
      CONSTRAINT: varchar(32),
    },
    (binding) =>
      visible(binding, 'table').flatMap((table) =>
        indexesOf(table).map(({ name, constraint }) => [
          table.schema,
          table.name,
          table.oid,
          name,
          'INVERTED VALUE',
          constraint,
        ]),
      ),
  ),
  view(
    'INDEX_COLUMNS',
    {
      SCHEMA_NAME: NAME,
      TABLE_NAME: NAME,
      TABLE_OID: BIGINT,
      INDEX_NAME: NAME,
      COLUMN_NAME: NAME,
      POSITION: INTEGER,
      CONSTRAINT: varchar(32),
    },
    (binding) =>
      visible(binding, 'table').flatMap((table) =>
        indexesOf(table).flatMap(({ name, columns, constraint }) =>
          columns.map((column, index) => [table.schema, table.name, table.oid, name, column, index + 1, constraint]),
        ),
      ),
  ),
  view(
    'SEQUENCES',
    { SCHEMA_NAME: NAME, SEQUENCE_NAME: NAME, SEQUENCE_OID: BIGINT, START_NUMBER: BIGINT, INCREMENT_BY: BIGINT },
    (binding) =>
      visible(binding, 'sequence').map(({ schema, name, oid, start, increment }) => [
        schema,
        name,
        oid,
        start,
        increment,
      ]),
  ),
  view('OBJECTS', { SCHEMA_NAME: NAME, OBJECT_NAME: NAME, OBJECT_TYPE: varchar(32), OBJECT_OID: BIGINT }, (binding) =>
    (['table', 'view', 'sequence'] as const).flatMap((kind) =>
      visible(binding, kind).map(({ schema, name, oid }) => [schema, name, kind.toUpperCase(), oid]),
    ),
  ),
  view(
    'USERS',
    {
      USER_NAME: NAME,
      CREATOR: NAME,
      CREATE_TIME: TIMESTAMP,
      VALID_UNTIL: TIMESTAMP,
      PASSWORD_CHANGE_TIME: TIMESTAMP,
      PASSWORD_CHANGE_NEEDED: FLAG,
      IS_PASSWORD_LIFETIME_CHECK_ENABLED: FLAG,
      USER_DEACTIVATED: FLAG,
    },
    ({ catalog, user }) =>
      [...catalog.users.values()]
        .filter(({ name }) => user === SYSTEM_USER || name === user)
        .map(({ name, createTime }) => [
          name,
          SYSTEM_USER,
          { time: createTime },
          null,
          { time: createTime },
          'FALSE',
          'FALSE',
          'FALSE',
        ]),
  ),
  view('M_PASSWORD_POLICY', { PROPERTY: varchar(64), VALUE: varchar(64) }, () => [
    ['maximum_password_lifetime', '182'],
  ]),
  view('GRANTED_PRIVILEGES', PRIVILEGE_COLUMNS, (binding) => privilegesSeenBy(binding).map(privilegeRow)),
  view('EFFECTIVE_PRIVILEGES', { USER_NAME: NAME, ...PRIVILEGE_COLUMNS }, effectivePrivileges),
  view(
    'M_DATABASE',
    { SYSTEM_ID: varchar(3), DATABASE_NAME: NAME, HOST: varchar(64), VERSION: varchar(32), USAGE: NAME },
    () => [['H00', 'H00', 'localhost', '4.00.000.00.1700000000', 'DEVELOPMENT']],
  ),
  view(
    'M_CONNECTIONS',
    {
      HOST: varchar(64),
      PORT: INTEGER,
      CONNECTION_ID: INTEGER,
      CONNECTION_STATUS: varchar(16),
      USER_NAME: NAME,
      OWN: FLAG,
      START_TIME: TIMESTAMP,
    },
    ({ options, user }) =>
      options.connections
        .filter((connection) => user === SYSTEM_USER || connection.user === user)
        .map(({ id, user: name, startTime }) => [
          'localhost',
          0,
          id,
          'RUNNING',
          name,
          flag(id === options.connectionId),
          { time: startTime },
        ]),
  ),
]);
