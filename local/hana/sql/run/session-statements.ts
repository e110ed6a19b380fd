import { Binding } from '../binder/binding.ts';
import { bindQuery } from '../binder/queries.ts';
import { requireSchema, resolveBaseTable } from '../binder/tables.ts';
import { SYSTEM_USER } from '../catalog/catalog.ts';
import { hanaError, notSupported } from '../errors.ts';
import { FUNCTIONS } from '../functions/functions.ts';
import type { SessionStatement } from '../parser/ast.ts';
import { hasPrivilege, requirePrivilege } from '../privileges.ts';
import type { Session } from './session.ts';

/** Statements that change the session or its transaction, not the data. */
export async function runSessionStatement(
  session: Session,
  statement: SessionStatement,
  autocommit: boolean,
): Promise<void> {
  const run = RUNNERS[statement.kind] as (
    session: Session,
    statement: SessionStatement,
    autocommit: boolean,
  ) => Promise<void>;
  await run(session, statement, autocommit);
}

type Kind = SessionStatement['kind'];

const RUNNERS: {
  readonly [K in Kind]: (
    session: Session,
    statement: Extract<SessionStatement, { kind: K }>,
    autocommit: boolean,
  ) => Promise<void>;
} = {
  'set-schema': async (session, { schema }) => {
    if (schema.parts.length !== 1) throw notSupported(`the schema ${schema.parts.join('.')}`);
    if (schema.parts[0] !== 'SYS') requireSchema(sessionBinding(session), schema.parts[0]!, schema);
    session.schema = schema.parts[0]!;
  },
  'set-variable': async (session, { name, value }) => {
    session.variables.set(name.toUpperCase(), value);
  },
  'unset-variable': async (session, { name }) => {
    session.variables.delete(name.toUpperCase());
  },
  'set-isolation': async (session, { level }) => {
    session.isolationLevel = level;
  },
  'set-access': async (session, { readOnly }) => {
    session.readOnly = readOnly;
  },
  'set-ddl': async (session, { allowed }) => {
    session.ddlAllowed = allowed;
  },
  'set-autocommit-ddl': async (session, { on }) => {
    await session.commit();
    session.autocommitDdl = on;
  },
  commit: (session) => session.commit(),
  rollback: (session) => session.rollback(),
  'lock-table': lockTable,
  'cancel-session': cancelSession,
};

/** Milliseconds in one second of WAIT. */
const SECOND = 1000;

async function lockTable(
  session: Session,
  { table: path, waitSeconds }: Extract<SessionStatement, { kind: 'lock-table' }>,
  autocommit: boolean,
): Promise<void> {
  const { transaction, core } = session;
  const table = resolveBaseTable(sessionBinding(session), path);
  const target = { schema: table.schema, object: table.name };
  const mayChange = ['INSERT', 'UPDATE', 'DELETE'].some((privilege) =>
    hasPrivilege(transaction.catalog, session.user, privilege, target),
  );
  if (!mayChange) requirePrivilege(transaction.catalog, session.user, 'UPDATE', target);
  const wait = waitSeconds === undefined ? core.lockWaitMilliseconds : waitSeconds * SECOND;
  await core.locks.exclusive(transaction, table.oid, wait);
  if (autocommit) await session.commit();
}

/** A user may cancel its own sessions; all others need SESSION ADMIN, which only SYSTEM has. */
async function cancelSession(
  { core, user }: Session,
  { connectionId }: Extract<SessionStatement, { kind: 'cancel-session' }>,
): Promise<void> {
  const connection = core.connections().find(({ id }) => String(id) === connectionId);
  if (!connection) throw hanaError(1036, `there is no session '${connectionId}'`);
  if (user !== connection.user && user !== SYSTEM_USER)
    throw hanaError(258, `Not authorized: user ${user} lacks SESSION ADMIN`);
  connection.cancel();
}

const sessionBinding = (session: Session): Binding =>
  new Binding({ ...session.view, functions: FUNCTIONS, bindQuery }, '');
