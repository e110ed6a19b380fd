import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Accepted work that must survive the process: one JSON file an entry, there until the work is done. */
export interface Journal<T> {
  /** Returns when the entry would be found after a restart. Writing an id again replaces its entry. */
  put(id: string, entry: T): Promise<void>;
  remove(id: string): Promise<void>;
  /** What an earlier process left undone, in the order of its ids; a file that isn't whole JSON is skipped. */
  pending(): Promise<readonly { readonly id: string; readonly entry: T }[]>;
}

/** A journal in `folder`, which it creates. Ids become file names. A crash of the machine itself may lose the last entries. */
export const openJournal = async <T>(folder: string): Promise<Journal<T>> => {
  await mkdir(folder, { recursive: true });
  const path = (id: string): string => join(folder, `${id}.json`);
  return {
    async put(id, entry) {
      await writeFile(`${path(id)}.part`, JSON.stringify(entry));
      await rename(`${path(id)}.part`, path(id));
    },
    remove: (id) => rm(path(id), { force: true }),
    async pending() {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
      const found: { id: string; entry: T }[] = [];
      for (const name of names) {
        const entry = parse<T>(await readFile(join(folder, name), 'utf8'));
        if (entry !== undefined) found.push({ id: name.slice(0, -'.json'.length), entry });
      }
      return found;
    },
  };
};

const parse = <T>(text: string): T | undefined => {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
};
