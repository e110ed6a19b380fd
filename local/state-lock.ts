import { DatabaseSync } from 'node:sqlite';

/** The whole of a file, held by this process alone. */
export interface StateLock {
  release(): void;
}

/** A look whether the file is held takes it for a moment; whoever wants to keep it waits that moment out. */
const WAIT_MILLISECONDS = 500;

/**
 * Takes `file` for this process, or answers undefined when another one has it. SQLite locks the file through the operating
 * system, which lets go when the process ends, however it ends: a lock is never stale.
 */
export const takeStateLock = (
  file: string,
  { waitMilliseconds = WAIT_MILLISECONDS }: { readonly waitMilliseconds?: number } = {},
): StateLock | undefined => {
  const database = new DatabaseSync(file, { timeout: waitMilliseconds });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return { release: () => database.isOpen && database.close() };
};

/** https://sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;
