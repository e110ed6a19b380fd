import { csvRecordsOf } from '#shared/dataset/read-csv.ts';
import { ObjectChangedError, ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { UriIn } from '#shared/store/layout.ts';

/** Answers of one part that an earlier try left behind, so that the model isn't asked again for them. */
export interface KeptAnswers {
  /** What was kept, in the rows' order. */
  earlier(): AsyncGenerator<{ readonly lines: string; readonly rowCount: number }>;
  /** Keeps the lines of the rows from `from` on. Throws ObjectChangedError when another try of the part was faster. */
  keep(from: number, lines: string): Promise<void>;
  /** Removes all of them, once the part is whole. */
  remove(): Promise<void>;
}

/**
 * Each object is named by the first row that it answers, and the next begins where it ends: an object is only created, never
 * replaced, so that two tries of a part can't leave a row twice or none.
 */
export const keptAnswers = (objectStore: ObjectStore, runUri: UriIn<'runs'>, part: number): KeptAnswers => {
  const kept = new Set<string>();
  const uriOf = (from: number): string =>
    `${runUri}predictions/answered/part-${String(part).padStart(5, '0')}/${String(from).padStart(12, '0')}.csv`;
  return {
    async *earlier() {
      for (let from = 0; ; ) {
        const lines = await textOrUndefined(objectStore, uriOf(from));
        if (lines === undefined) return;
        kept.add(uriOf(from));
        const rowCount = csvRecordsOf(lines, uriOf(from)).length;
        yield { lines, rowCount };
        from += rowCount;
      }
    },
    async keep(from, lines) {
      await objectStore.put(uriOf(from), lines, { contentType: 'text/csv', ifNoneMatch: '*' });
      kept.add(uriOf(from));
    },
    async remove() {
      // The last one first: what is left after a failure is still a beginning without a gap.
      for (const uri of [...kept].reverse()) await objectStore.delete(uri);
    },
  };
};

/** Keeps what it can, for the sake of the next try: the failure that ends this one is not to be hidden by another. */
export const keptOrNot = async (keeping: Promise<void>): Promise<void> => {
  try {
    await keeping;
  } catch (error) {
    if (!(error instanceof ObjectChangedError)) throw error;
  }
};

const textOrUndefined = async (objectStore: ObjectStore, uri: UriIn<'runs'>): Promise<string | undefined> => {
  try {
    return (await objectStore.getText(uri)).text;
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};
