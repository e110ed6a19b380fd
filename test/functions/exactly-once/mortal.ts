import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { Transaction, Warehouse, WriteSession } from '#shared/warehouse/warehouse.ts';

/** What becomes of a process, asked before each of its side effects: it may never come back, or only later. */
export interface Fate {
  before(effect: string): Promise<void>;
}

/** The warehouse, with the process's fate asked before every statement, commit and acknowledgement. */
export const mortalWarehouse = (warehouse: Warehouse, fate: Fate): Warehouse => ({
  async read(info, work) {
    await fate.before('connect to read');
    return warehouse.read(info, (session) => work(asking(session, fate)));
  },
  async write(info, work) {
    await fate.before('connect to write');
    return warehouse.write(info, (session) => work(mortalSession(session, fate)));
  },
});

const mortalSession = (session: WriteSession, fate: Fate): WriteSession => ({
  ...asking(session, fate),
  async transaction(work) {
    const result = await session.transaction(async (transaction) => {
      const answer = await work(asking<Transaction>(transaction, fate));
      await fate.before('commit');
      return answer;
    });
    await fate.before('acknowledge');
    return result;
  },
});

export const mortalObjectStore = (store: ObjectStore, fate: Fate): ObjectStore => asking(store, fate);

/** The object with fate asked before each call of a method, and before the first item of a stream. */
const asking = <T extends object>(port: T, fate: Fate): T =>
  Object.fromEntries(
    Object.entries(port).map(([name, value]) => [
      name,
      typeof value === 'function' ? mortal(name, value, fate) : value,
    ]),
  ) as T;

type Method = (...args: unknown[]) => unknown;

const STREAMS = new Set(['rows', 'list']);

const mortal = (name: string, method: Method, fate: Fate): Method => {
  const effectOf = (args: readonly unknown[]) => `${name} ${typeof args[0] === 'string' ? args[0] : ''}`.trimEnd();
  if (STREAMS.has(name)) {
    return async function* (...args: unknown[]) {
      await fate.before(effectOf(args));
      yield* method(...args) as AsyncIterable<unknown>;
    };
  }
  return async (...args) => {
    await fate.before(effectOf(args));
    return method(...args);
  };
};

/** Lives, and tells how many side effects there were, and which. */
export const recorder = (): Fate & { readonly effects: string[] } => {
  const effects: string[] = [];
  return { effects, before: async (effect) => void effects.push(effect) };
};

export interface Death extends Fate {
  /** Settles when the fatal side effect is reached. Nothing of the process is ever heard of again. */
  readonly died: Promise<'died'>;
}

/** Dies before side effect `at`, counted from 0: it never goes on, and what holds its connections is told to drop them. */
export const deathAt = (at: number, drop: () => Promise<void>): Death => {
  let count = 0;
  const { promise, resolve } = Promise.withResolvers<'died'>();
  return {
    died: promise,
    async before() {
      if (count++ < at) return;
      await drop();
      resolve('died');
      await new Promise(() => undefined);
    },
  };
};

export interface Sleep extends Fate {
  /** Settles when the side effect is reached. Connections and locks stay. */
  readonly asleep: Promise<'asleep'>;
  wake(): void;
}

/** Falls asleep before side effect `at`, as a function that was given up and is thawed when nobody expects it. */
export const sleepAt = (at: number): Sleep => {
  let count = 0;
  const falls = Promise.withResolvers<'asleep'>();
  const wakes = Promise.withResolvers<void>();
  return {
    asleep: falls.promise,
    wake: () => wakes.resolve(),
    async before() {
      if (count++ !== at) return;
      falls.resolve('asleep');
      await wakes.promise;
    },
  };
};
