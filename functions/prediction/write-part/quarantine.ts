import { spreadsheetField } from '#shared/dataset/csv.ts';
import type { CsvRecord } from '#shared/dataset/read-csv.ts';
import { UnwritableValueError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { quarantineUri, type WriteRecord } from '#shared/predictions/write-record.ts';

/** What is set aside is held in memory until the part is read to its end. */
const MAX_QUARANTINE_LENGTH = 64 * 1024 * 1024;

/** The rows of a part that the table can't take. */
export interface Quarantine {
  readonly rowCount: number;
  /** The record as `bind` makes it, or undefined when it was set aside. Throws UnwritableValueError when that are too many. */
  unless<R extends CsvRecord, T>(record: R, bind: (record: R) => T): T | undefined;
  /** Writes them as CSV for people: line, reason, and the row, in which no field is a formula of a spreadsheet. Removes what an earlier try has set aside when there are none. */
  store(objectStore: ObjectStore): Promise<void>;
}

export const quarantine = (
  { runUri, maxRejectedCount }: Pick<WriteRecord, 'runUri' | 'maxRejectedCount'>,
  part: number,
  uri: string,
): Quarantine => {
  const lines: string[] = [];
  let length = 0;
  return {
    get rowCount() {
      return lines.length;
    },

    unless(record, bind) {
      try {
        return bind(record);
      } catch (error) {
        if (!(error instanceof UnwritableValueError)) throw error;
        if (lines.length >= maxRejectedCount) throw tooMany(error, maxRejectedCount);
        const reason = error.message.replace(`${uri}, line ${record.line}`, '').replace(/^[,:] /, '');
        const line = [String(record.line), reason, ...record.fields].map(spreadsheetField).join(',');
        length += line.length;
        if (length > MAX_QUARANTINE_LENGTH) throw tooMany(error, lines.length);
        lines.push(line);
        return undefined;
      }
    },

    async store(objectStore) {
      const target = quarantineUri(runUri, part);
      if (lines.length > 0) await objectStore.put(target, `line,reason,row\n${lines.join('\n')}\n`);
      else if (maxRejectedCount > 0) await objectStore.delete(target);
    },
  };
};

const tooMany = (error: UnwritableValueError, count: number): UnwritableValueError =>
  count === 0
    ? error
    : new UnwritableValueError(`After ${count} rows that were set aside: ${error.message}`, { cause: error });
