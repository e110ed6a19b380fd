import { Binding } from '../binder/binding.ts';
import { bindQuery } from '../binder/queries.ts';
import { splitPath } from '../binder/tables.ts';
import type { Catalog, Table } from '../catalog/catalog.ts';
import { saveChanges } from '../catalog/store.ts';
import { hanaError } from '../errors.ts';
import { FUNCTIONS } from '../functions/functions.ts';
import type { Definition, ParsedStatement, Path, Statement } from '../parser/ast.ts';
import { ACCESS_DEFINERS } from './define-access.ts';
import { OBJECT_DEFINERS } from './define-objects.ts';
import { TABLE_DEFINERS } from './define-tables.ts';
import type { Definer, DefinitionContext } from './definition-context.ts';
import type { Session } from './session.ts';

const DEFINERS: { readonly [K in Definition['kind']]: Definer<K> } = {
  ...TABLE_DEFINERS,
  ...OBJECT_DEFINERS,
  ...ACCESS_DEFINERS,
};

export function isDefinition(statement: Statement): statement is Definition {
  return statement.kind in DEFINERS;
}

/** Runs DDL: the catalog and DuckDB change together, in a transaction of their own unless AUTOCOMMIT DDL is OFF. */
export async function define(
  session: Session,
  { sql, statement }: ParsedStatement,
  autocommit: boolean,
): Promise<void> {
  const { transaction } = session;
  session.checkWritable();
  if (!session.ddlAllowed) throw hanaError(128, 'DDL is switched off (SET TRANSACTION DDL OFF)');
  const implicitCommit = session.autocommitDdl && !concernsOnlySession(statement);
  if (implicitCommit) await session.commit();
  else await session.freeConnection();
  await lockChangedTable(session, statement);
  try {
    await transaction.change(async () => {
      const before = transaction.catalog;
      const context = contextFor(session, sql, before.copy(), new Map(transaction.temporaryTables));
      const run = DEFINERS[(statement as Definition).kind] as Definer<Definition['kind']>;
      await run(context, statement as Definition);
      await saveChanges(transaction.connection, context.catalog.changesSince(before));
      transaction.catalog = context.catalog;
      transaction.temporaryTables = context.temporaryTables;
      return [];
    }, implicitCommit || autocommit);
  } finally {
    if (implicitCommit || autocommit) session.core.locks.release(transaction);
  }
}

function contextFor(
  session: Session,
  sql: string,
  catalog: Catalog,
  temporaryTables: Map<string, Table>,
): DefinitionContext {
  const { connection } = session.transaction;
  const binding = new Binding({ ...session.view, catalog, temporaryTables, functions: FUNCTIONS, bindQuery }, sql);
  return {
    binding,
    catalog,
    user: session.user,
    temporaryTables,
    run: async (duckDbSql) => {
      await connection.run(duckDbSql);
    },
    exists: async (duckDbSql) => (await connection.runAndReadAll(duckDbSql)).currentRowCount > 0,
    locate: (path) => {
      const [schema, name] = splitPath(binding, path);
      if (!catalog.schemas.has(schema)) throw hanaError(362, schema);
      return [schema, name];
    },
  };
}

/** Local temporary tables belong to the session; defining one ends no transaction. */
const concernsOnlySession = (statement: Statement): boolean =>
  'table' in statement && (statement.table as Path).parts.at(-1)!.startsWith('#');

/** Changing or dropping a table waits until nobody is writing to it. */
async function lockChangedTable(session: Session, statement: Statement): Promise<void> {
  if (!('table' in statement) || statement.kind === 'create-table') return;
  const { parts } = statement.table as Path;
  const table = session.transaction.catalog.object(parts.length > 1 ? parts[0]! : session.schema, parts.at(-1)!);
  if (!table) return;
  await session.core.locks.exclusive(session.transaction, table.oid, session.core.lockWaitMilliseconds);
}
