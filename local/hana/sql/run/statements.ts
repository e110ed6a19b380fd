import type { HanaColumn, HanaParameter, HanaType, HanaValue, StatementKind } from '../../engine.ts';
import { Binding, type BindOptions } from '../binder/binding.ts';
import type { BoundQuery } from '../binder/bound.ts';
import { PARAMETER_DEFAULT } from '../binder/conversions.ts';
import { type BoundWrite, bindDelete, bindInsert, bindMerge, bindUpdate, bindUpsert } from '../binder/modifications.ts';
import { bindQuery } from '../binder/queries.ts';
import { EMPTY_SCOPE } from '../binder/scope.ts';
import { duckDbName, nvarchar } from '../column-types.ts';
import { hanaError } from '../errors.ts';
import { FUNCTIONS } from '../functions/functions.ts';
import type { ParsedStatement, Statement } from '../parser/ast.ts';
import type { PreparedWrites } from './prepared-writes.ts';
import { bindSlots, type Moment } from './slots.ts';

export type SessionView = Omit<BindOptions, 'functions' | 'bindQuery' | 'parameterRelation'>;

type Modification = Extract<Statement, { kind: 'insert' | 'upsert' | 'update' | 'delete' | 'merge' }>;

/** A statement bound to the catalog of this moment. */
export interface BoundStatement {
  readonly binding: Binding;
  readonly parameters: readonly HanaParameter[];
  readonly query?: BoundQuery & { readonly metadata: readonly HanaColumn[] };
  readonly write?: BoundWrite;
}

/** Resolves names, checks privileges and translates; nothing has run yet. */
export function bindStatement(
  parsed: ParsedStatement,
  view: SessionView,
  options: { readonly batch?: boolean } = {},
): BoundStatement {
  const binding = new Binding(
    { ...view, functions: FUNCTIONS, bindQuery, parameterRelation: options.batch ? 'p' : undefined },
    parsed.sql,
  );
  const { statement } = parsed;
  const bound =
    statement.kind === 'query'
      ? { query: withMetadata(bindQuery(binding, statement.query, EMPTY_SCOPE)) }
      : isModification(statement)
        ? { write: bindModification(binding, statement) }
        : {};
  const parameters = Array.from({ length: parsed.parameterCount }, (_, index) => ({
    type: binding.parameterType(index) ?? PARAMETER_DEFAULT,
  }));
  return { binding, parameters, ...bound };
}

export function isModification(statement: Statement): statement is Modification {
  return statement.kind in MODIFICATIONS;
}

const MODIFICATIONS: {
  readonly [K in Modification['kind']]: (binding: Binding, statement: Extract<Modification, { kind: K }>) => BoundWrite;
} = {
  insert: bindInsert,
  upsert: bindUpsert,
  update: bindUpdate,
  delete: bindDelete,
  merge: bindMerge,
};

function bindModification(binding: Binding, statement: Modification): BoundWrite {
  const bind = MODIFICATIONS[statement.kind] as (binding: Binding, statement: Modification) => BoundWrite;
  return bind(binding, statement);
}

const SESSION_KINDS = new Set([
  'set-schema',
  'set-variable',
  'unset-variable',
  'set-isolation',
  'set-access',
  'set-ddl',
  'set-autocommit-ddl',
  'commit',
  'rollback',
  'lock-table',
  'cancel-session',
]);

const KINDS: Readonly<Partial<Record<Statement['kind'], StatementKind>>> = {
  query: 'SELECT',
  insert: 'INSERT',
  upsert: 'INSERT',
  update: 'UPDATE',
  merge: 'UPDATE',
  delete: 'DELETE',
};

export const kindOf = (statement: Statement): StatementKind =>
  KINDS[statement.kind] ?? (SESSION_KINDS.has(statement.kind) ? 'SESSION' : 'DDL');

/** A column that is NULL in every branch has no type of its own; it is shown as a text. */
function withMetadata(query: BoundQuery): BoundQuery & { metadata: HanaColumn[] } {
  const untyped = query.columns.some(({ type }) => type === undefined);
  const types = query.columns.map(({ type }): HanaType => type ?? nvarchar(1));
  const casts = types.map((type, index) => `CAST(q.c${index} AS ${duckDbName(type)}) AS c${index}`);
  const metadata = query.columns.map(
    ({ name, nullable, origin }, index): HanaColumn => ({
      name,
      type: wireForm(types[index]!),
      nullable,
      ...(origin ? { schema: origin.schema, table: origin.table } : {}),
    }),
  );
  return { ...query, sql: untyped ? `SELECT ${casts.join(', ')} FROM (${query.sql}) AS q` : query.sql, metadata };
}

const wireForm = ({ name, length, scale, floatingDigits }: HanaType): HanaType => ({
  name,
  length,
  scale,
  ...(floatingDigits === undefined ? {} : { floatingDigits }),
});

/** Runs a bound change once and says how many rows it changed. */
export async function runWrite(
  prepared: PreparedWrites,
  { binding, write }: BoundStatement,
  row: readonly HanaValue[],
  moment: Moment,
): Promise<number> {
  const run = async (sql: string): Promise<number> => {
    const statement = await prepared.get(sql);
    bindSlots(statement, binding.slots, row, moment);
    return (await statement.run()).rowsChanged;
  };
  const changed = await run(write!.sql);
  return changed === 0 && write!.otherwise ? run(write!.otherwise) : changed;
}

export function checkRow(parameters: readonly HanaParameter[], row: readonly HanaValue[]): void {
  if (row.length === parameters.length) return;
  throw hanaError(
    row.length < parameters.length ? 270 : 269,
    `${row.length} parameter values for ${parameters.length} parameters`,
  );
}
