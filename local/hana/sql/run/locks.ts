import { hanaError } from '../errors.ts';

/** Who holds a lock: one session's transaction. */
type Owner = object;

interface TableLock {
  readonly writers: Set<Owner>;
  exclusive?: Owner;
}

/**
 * What makes sessions wait for each other. A transaction that changes a table is one of its writers until it ends; LOCK
 * TABLE and other owners' writing exclude each other, and so do two inserts of one key. Waiting ends with 131 after the
 * time, with 133 when all the others wait as well, with 139 when it is cancelled, or at once with 146 when nobody may wait.
 */
export class Locks {
  private readonly tables = new Map<number, TableLock>();
  private readonly keys = new Map<string, Owner>();
  private readonly active = new Set<Owner>();
  private readonly waiting = new Set<Owner>();
  private readonly cancelled = new Set<Owner>();
  private wakeUps: (() => void)[] = [];
  private ended = 0;

  /** How many transactions have ended so far. */
  get endings(): number {
    return this.ended;
  }

  /** Notes that a transaction changes a table, once no other session has it locked. */
  async write(owner: Owner, table: number, waitMilliseconds: number): Promise<void> {
    await this.wait(owner, waitMilliseconds, () => {
      const { exclusive } = this.lock(table);
      return exclusive === undefined || exclusive === owner;
    });
    this.lock(table).writers.add(owner);
    this.active.add(owner);
  }

  /** Locks a table, once nobody else has it locked or is changing it. */
  async exclusive(owner: Owner, table: number, waitMilliseconds: number): Promise<void> {
    await this.wait(owner, waitMilliseconds, () => {
      const { exclusive, writers } = this.lock(table);
      const others = [...writers].some((writer) => writer !== owner);
      return !others && (exclusive === undefined || exclusive === owner);
    });
    this.lock(table).exclusive = owner;
    this.active.add(owner);
  }

  /** Reserves keys that are about to be inserted; another transaction that inserts one of them waits for this one's end. */
  async insert(owner: Owner, keys: readonly string[], waitMilliseconds: number): Promise<void> {
    await this.wait(owner, waitMilliseconds, () => keys.every((key) => (this.keys.get(key) ?? owner) === owner));
    for (const key of keys) this.keys.set(key, owner);
    this.active.add(owner);
  }

  /**
   * Waits until another transaction ends, at once true when one has since `endings` was read; false when there is none to
   * wait for.
   */
  async untilAnotherEnds(owner: Owner, waitMilliseconds: number, endings: number): Promise<boolean> {
    if (this.ended !== endings && waitMilliseconds > 0) return true;
    const others = [...this.active].filter((other) => other !== owner);
    if (others.length === 0) return false;
    let ended = false;
    await this.wait(owner, waitMilliseconds, () => {
      ended ||= others.some((other) => !this.active.has(other));
      return ended;
    });
    return true;
  }

  /** The transaction has ended: its locks are free, and who waits looks again. */
  release(owner: Owner): void {
    if (!this.active.delete(owner)) return;
    this.ended += 1;
    for (const [table, lock] of this.tables) {
      lock.writers.delete(owner);
      if (lock.exclusive === owner) delete lock.exclusive;
      if (lock.writers.size === 0 && lock.exclusive === undefined) this.tables.delete(table);
    }
    for (const [key, holder] of this.keys) if (holder === owner) this.keys.delete(key);
    this.wakeUp();
  }

  /** Ends the owner's wait, if it is waiting. */
  cancel(owner: Owner): void {
    if (!this.waiting.has(owner)) return;
    this.cancelled.add(owner);
    this.wakeUp();
  }

  private lock(table: number): TableLock {
    const lock = this.tables.get(table) ?? { writers: new Set() };
    this.tables.set(table, lock);
    return lock;
  }

  private async wait(owner: Owner, waitMilliseconds: number, ready: () => boolean): Promise<void> {
    if (ready()) return;
    if (waitMilliseconds <= 0) throw hanaError(146, 'another transaction has the lock');
    const deadline = performance.now() + waitMilliseconds;
    this.waiting.add(owner);
    try {
      while (!ready()) {
        if (this.cancelled.has(owner)) throw hanaError(139, 'the wait for a lock was cancelled');
        if (this.everyOtherWaits(owner)) throw hanaError(133, 'every other transaction waits for this one');
        const left = deadline - performance.now();
        if (left <= 0) throw hanaError(131, `another transaction kept its lock for ${Math.round(waitMilliseconds)} ms`);
        await this.wakeUpWithin(left);
      }
    } finally {
      this.waiting.delete(owner);
      this.cancelled.delete(owner);
    }
  }

  private wakeUp(): void {
    const wakeUps = this.wakeUps;
    this.wakeUps = [];
    for (const wakeUp of wakeUps) wakeUp();
  }

  private everyOtherWaits(owner: Owner): boolean {
    const others = [...this.active].filter((other) => other !== owner);
    return others.length > 0 && others.every((other) => this.waiting.has(other));
  }

  private wakeUpWithin(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wakeUps.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
