import { chmod } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import type { HanaEngine, HanaSession } from '../engine.ts';
import { Administration } from './administration.ts';
import { type Catalog, SYSTEM_USER } from './catalog/catalog.ts';
import { loadCatalog } from './catalog/store.ts';
import { hanaError } from './errors.ts';
import { createMacros } from './macros.ts';
import { type Core, ReaderPool } from './run/core.ts';
import { Locks } from './run/locks.ts';
import { Session } from './run/session.ts';
import { Spill } from './run/spill.ts';

export interface HanaEngineOptions {
  /** Where the tables are kept, or `:memory:`. */
  readonly databaseFile: string;
  /** Users that exist from the start; a name that exists already gets this password. `SYSTEM` may do everything. */
  readonly users?: readonly { readonly name: string; readonly password: string }[];
  /** How long a statement waits for another transaction before it fails with 131; 20 seconds unless given. */
  readonly lockWaitMilliseconds?: number;
}

/** The engine with the door through which it is filled. */
export interface LaptopHanaEngine extends HanaEngine {
  readonly administration: Administration;
}

const DEFAULT_LOCK_WAIT_MILLISECONDS = 20_000;

/** Nothing that a statement says can read or write a file, load code or change these settings. */
const CONFIGURATION = {
  enable_external_access: 'false',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
};

/** Opens HANA's SQL over a DuckDB file. Users, privileges, views and declared types are kept in the same file. */
export async function openHanaEngine(options: HanaEngineOptions): Promise<LaptopHanaEngine> {
  const instance = await DuckDBInstance.create(options.databaseFile, CONFIGURATION);
  // The file holds passwords, because SCRAM's server side needs them.
  if (options.databaseFile !== ':memory:') await chmod(options.databaseFile, 0o600);
  const setup = await instance.connect();
  await setup.run('SET lock_configuration = true');
  let catalog = await loadCatalog(setup);
  await createMacros(setup);
  setup.closeSync();

  const sessions = new Map<number, { session: Session; startTime: number }>();
  const readers = new ReaderPool(instance);
  const core: Core = {
    instance,
    readers,
    spill: new Spill(),
    locks: new Locks(),
    lockWaitMilliseconds: options.lockWaitMilliseconds ?? DEFAULT_LOCK_WAIT_MILLISECONDS,
    catalog: (): Catalog => catalog,
    publish: (changes) => {
      catalog = catalog.with(changes);
    },
    connections: () =>
      [...sessions.values()].map(({ session, startTime }) => ({
        id: session.id,
        user: session.user,
        startTime,
        cancel: () => session.cancel(),
      })),
  };
  let lastId = 300_000;
  const openSession = async (user: string): Promise<Session> => {
    if (user !== SYSTEM_USER && !catalog.users.has(user)) throw hanaError(332, user);
    lastId += 1;
    const id = lastId;
    const connection = await instance.connect();
    const session = new Session({ core, id, user, connection, onClose: () => sessions.delete(id) });
    sessions.set(id, { session, startTime: Date.now() });
    return session;
  };
  const administration = new Administration(core, () => openSession(SYSTEM_USER));
  for (const user of options.users ?? []) await administration.ensureUser(user.name, user.password);

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await administration.close();
    for (const { session } of [...sessions.values()]) await session.close();
    readers.close();
    await core.spill.close();
    instance.closeSync();
  };
  return {
    administration,
    passwordOf: (user) => catalog.users.get(user)?.password,
    openSession: (user): Promise<HanaSession> => openSession(user),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
