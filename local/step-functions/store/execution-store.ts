import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionStatus, HistoryEventType } from '@aws-sdk/client-sfn';
import { MAX_EVENTS, type StoredEvent } from '../history.ts';
import { type Extent, type LineLog, openLineLog } from './line-log.ts';
import type { EventLine, EventNotes, ExecutionIdentity, JournalLine, MapRunState, OpenedLine } from './lines.ts';

/** An execution as DescribeExecution tells it. Its input and output stay on disk, in its first and last event. */
export interface ExecutionRecord extends ExecutionIdentity {
  readonly number: number;
  readonly family: Family;
  /** Where its events stand in the family's journal, in order. */
  readonly events: Extent[];
  status: ExecutionStatus;
  startDate: number;
  stopDate: number | undefined;
  error: string | undefined;
  cause: string | undefined;
  redriveCount: number;
  redriveDate: number | undefined;
}

/** A root execution with the children of its Map Runs: they share one journal, and live and die together. */
export interface Family {
  readonly definition: string;
  readonly journal: LineLog;
  readonly members: ExecutionRecord[];
  readonly mapRuns: Map<string, MapRun>;
}

export interface MapRun {
  state: MapRunState;
  /** By the index of the child's first item or batch. */
  readonly children: Map<number, ExecutionRecord>;
}

/** The executions of the stand-in, in memory by their ARN and on disk one file a family. */
export interface ExecutionStore {
  readonly executions: ReadonlyMap<string, ExecutionRecord>;
  readonly mapRuns: ReadonlyMap<string, { readonly family: Family; readonly mapRun: MapRun }>;
  openRoot(identity: ExecutionIdentity, definition: string): ExecutionRecord;
  /** Takes back a root execution whose beginning the disk refused: nobody was told of it, and its name is free again. */
  withdraw(record: ExecutionRecord): Promise<void>;
  openChild(family: Family, identity: ExecutionIdentity): ExecutionRecord;
  logEvent(record: ExecutionRecord, scope: string, event: StoredEvent, notes: EventNotes): void;
  logRetry(record: ExecutionRecord, scope: string, retrier: number, dueAt: number): void;
  saveMapRun(family: Family, state: MapRunState): MapRun;
  /** The events from the `from`th to before the `to`th, counted from 0. */
  readEvents(record: ExecutionRecord, from: number, to: number): Promise<StoredEvent[]>;
  /** The first and the last event of executions of one family. */
  readEnds(
    records: readonly ExecutionRecord[],
  ): AsyncIterable<{ record: ExecutionRecord; first: StoredEvent; last: StoredEvent }>;
  /** Every line of a family's journal, in order. */
  readLines(family: Family): AsyncIterable<JournalLine>;
  close(): Promise<void>;
}

/** Opens the store in a folder and reads what an earlier process left there. */
export const openExecutionStore = async (folder: string): Promise<ExecutionStore> => {
  await mkdir(folder, { recursive: true });
  const executions = new Map<string, ExecutionRecord>();
  const mapRuns = new Map<string, { family: Family; mapRun: MapRun }>();
  const families = new Map<Family, string>();

  const newFamily = (path: string, definition: string): Family => {
    const family = { definition, journal: openLineLog(path), members: [], mapRuns: new Map() };
    families.set(family, path);
    return family;
  };
  const enlist = (family: Family, { number, execution }: OpenedLine): ExecutionRecord => {
    const record = newRecord(family, number, execution);
    family.members[number] = record;
    executions.set(record.arn, record);
    if (record.mapRun) family.mapRuns.get(record.mapRun.arn)!.children.set(record.mapRun.index, record);
    return record;
  };
  const setMapRun = (family: Family, state: MapRunState): MapRun => {
    const known = family.mapRuns.get(state.arn);
    if (known) {
      known.state = state;
      return known;
    }
    const mapRun: MapRun = { state, children: new Map() };
    family.mapRuns.set(state.arn, mapRun);
    mapRuns.set(state.arn, { family, mapRun });
    return mapRun;
  };
  const forget = (record: ExecutionRecord): void => {
    executions.delete(record.arn);
    if (record.mapRun) record.family.mapRuns.get(record.mapRun.arn)!.children.delete(record.mapRun.index);
  };
  const load = async (path: string): Promise<void> => {
    let family: Family | undefined;
    for await (const { line, extent } of wholeLines(path)) {
      if (line.kind === 'opened') family ??= newFamily(path, line.definition!);
      if (line.kind === 'opened') enlist(family!, line);
      else if (line.kind === 'mapRun') setMapRun(family!, line.mapRun);
      else if (line.kind === 'event') applyEvent(family!.members[line.number]!, line.event, extent);
    }
    for (const record of family?.members ?? []) {
      if (record.events.length === 0) forget(record); // a crash fell between its line and its first event
    }
  };
  for (const file of (await readdir(folder)).sort()) {
    if (file.endsWith('.jsonl')) await load(join(folder, file));
  }

  const open = (family: Family, line: OpenedLine): ExecutionRecord => {
    family.journal.append(line);
    return enlist(family, line);
  };

  return {
    executions,
    mapRuns,
    openRoot(execution, definition) {
      const file = `${Date.now()}-${randomBytes(4).toString('hex')}.jsonl`;
      return open(newFamily(join(folder, file), definition), { kind: 'opened', number: 0, execution, definition });
    },
    async withdraw(record) {
      const { family } = record;
      forget(record);
      await family.journal.release();
      await rm(families.get(family)!, { force: true });
      families.delete(family);
    },
    openChild: (family, execution) => open(family, { kind: 'opened', number: family.members.length, execution }),
    logEvent(record, scope, event, notes) {
      const line: EventLine = { kind: 'event', number: record.number, scope, event, ...notes };
      applyEvent(record, event, record.family.journal.append(line));
    },
    logRetry(record, scope, retrier, dueAt) {
      record.family.journal.append({ kind: 'retry', number: record.number, scope, retrier, dueAt });
    },
    saveMapRun(family, state) {
      family.journal.append({ kind: 'mapRun', mapRun: state });
      return setMapRun(family, state);
    },
    async readEvents(record, from, to) {
      const events: StoredEvent[] = [];
      for await (const line of record.family.journal.read(record.events.slice(from, to))) {
        events.push((line as EventLine).event);
      }
      return events;
    },
    async *readEnds(records) {
      if (records.length === 0) return;
      const extents = records.flatMap(({ events }) => [events[0]!, events.at(-1)!]);
      const lines = records[0]!.family.journal.read(extents);
      for (const record of records) {
        const first = ((await lines.next()).value as EventLine).event;
        const last = ((await lines.next()).value as EventLine).event;
        yield { record, first, last };
      }
      await lines.return(undefined);
    },
    async *readLines(family) {
      await family.journal.flushed();
      for await (const { line } of wholeLines(families.get(family)!)) yield line;
    },
    async close() {
      await Promise.all([...families.keys()].map((family) => family.journal.release()));
    },
  };
};

const newRecord = (family: Family, number: number, identity: ExecutionIdentity): ExecutionRecord => ({
  ...identity,
  number,
  family,
  events: [],
  status: 'RUNNING',
  startDate: 0,
  stopDate: undefined,
  error: undefined,
  cause: undefined,
  redriveCount: 0,
  redriveDate: undefined,
});

/** The one place where a record changes: live and while loading. */
const applyEvent = (record: ExecutionRecord, event: StoredEvent, extent: Extent): void => {
  record.events.push(extent);
  RECORD_CHANGES[event.type]?.(record, event);
};

const closes =
  (status: ExecutionStatus, details?: 'executionFailedEventDetails' | 'executionAbortedEventDetails') =>
  (record: ExecutionRecord, event: StoredEvent): void => {
    record.status = status;
    record.stopDate = event.timestamp;
    record.error = details && event[details]?.error;
    record.cause = details && event[details]?.cause;
  };

const RECORD_CHANGES: Partial<Record<HistoryEventType, (record: ExecutionRecord, event: StoredEvent) => void>> = {
  ExecutionStarted: (record, event) => {
    record.startDate = event.timestamp;
  },
  ExecutionSucceeded: closes('SUCCEEDED'),
  ExecutionFailed: closes('FAILED', 'executionFailedEventDetails'),
  ExecutionAborted: closes('ABORTED', 'executionAbortedEventDetails'),
  ExecutionTimedOut: closes('TIMED_OUT'),
  ExecutionRedriven: (record, event) => {
    record.status = 'RUNNING';
    record.stopDate = undefined;
    record.error = undefined;
    record.cause = undefined;
    record.redriveCount += 1;
    record.redriveDate = event.timestamp;
  },
};

/** The lines of a file, one by one; a last line that a crash cut short is taken off the file. */
async function* wholeLines(path: string): AsyncGenerator<LocatedLine> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    let data = Buffer.concat([rest, chunk as Buffer]);
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE)) {
      const extent = { offset, length: end + 1 };
      yield { line: JSON.parse(data.toString('utf8', 0, end)) as JournalLine, extent };
      offset += extent.length;
      data = data.subarray(end + 1);
    }
    rest = data;
  }
  if (rest.length > 0) await truncate(path, offset);
}

const NEWLINE = 0x0a;

interface LocatedLine {
  readonly line: JournalLine;
  readonly extent: Extent;
}

/** Whether one more event leaves no room for the event that closes the execution. */
export const isHistoryFull = (record: ExecutionRecord): boolean => record.events.length >= MAX_EVENTS - 1;
