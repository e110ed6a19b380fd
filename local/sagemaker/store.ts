import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Records of one kind, kept in memory and, one file each, on disk. Every change is atomic. */
export interface Collection<T> {
  /** The record of exactly this name. */
  get(name: string): T | undefined;
  /** The record whose name differs at most in case, as its ARN does. */
  find(name: string): T | undefined;
  put(name: string, record: T): void;
  delete(name: string): void;
  all(): T[];
}

/** Opens the records under `folder`. Dates survive; undefined members do not. */
export const openCollection = <T>(folder: string): Collection<T> => {
  mkdirSync(folder, { recursive: true });
  const entries = new Map(
    readdirSync(folder)
      .filter(isRecord)
      .map((file) => read<T>(join(folder, file))),
  );
  const fileOf = (name: string) => join(folder, `${encodeURIComponent(name.toLowerCase())}.json`);
  return {
    get(name) {
      const entry = entries.get(name.toLowerCase());
      return entry?.name === name ? entry.record : undefined;
    },
    find: (name) => entries.get(name.toLowerCase())?.record,
    put(name, record) {
      const entry = { name, record };
      writeFileSync(`${fileOf(name)}.new`, JSON.stringify(entry, tagDates));
      renameSync(`${fileOf(name)}.new`, fileOf(name));
      entries.set(name.toLowerCase(), entry);
    },
    delete(name) {
      rmSync(fileOf(name), { force: true });
      entries.delete(name.toLowerCase());
    },
    all: () => [...entries.values()].map(({ record }) => record),
  };
};

interface Entry<T> {
  readonly name: string;
  readonly record: T;
}

const isRecord = (file: string): boolean => file.endsWith('.json');

const read = <T>(file: string): [string, Entry<T>] => {
  try {
    const entry = JSON.parse(readFileSync(file, 'utf8'), untagDates) as Entry<T>;
    return [entry.name.toLowerCase(), entry];
  } catch (error) {
    throw new Error(`The record ${file} is damaged. Remove it, and what it described is forgotten.`, { cause: error });
  }
};

/** `JSON.stringify` calls a Date's `toJSON` before the replacer, so the date is read from its holder. */
function tagDates(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  return original instanceof Date ? { $date: original.getTime() } : value;
}

const untagDates = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && '$date' in value ? new Date(value.$date as number) : value;
