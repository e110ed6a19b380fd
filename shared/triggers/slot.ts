import { z } from 'zod';
import { ObjectChangedError, ObjectMissingError } from '#shared/errors.ts';
import { type Executions, hasEnded } from '#shared/executions/executions.ts';
import { executionsOfRun } from '#shared/executions/resumptions.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { folderIn } from '#shared/store/layout.ts';

/** `triggers/<pipeline>.json`: the run of a pipeline that a schedule or an event has started last, or is about to start. */
const Slot = z.strictObject({ runId: z.string().min(1), takenAt: z.iso.datetime() });
type Slot = z.infer<typeof Slot>;

/**
 * Who has taken the slot starts its run within one call of a function, a minute at most. A holder without an execution
 * after twice that time has died before.
 */
const MAX_START_MS = 2 * 60 * 1000;

/** Each round is lost to somebody who took the slot; nobody has needed so many. */
const MAX_ROUNDS = 50;

export interface SlotPlace {
  readonly objectStore: ObjectStore;
  readonly executions: Pick<Executions, 'describe'>;
  readonly storeUri: string;
  readonly stateMachineArn: string;
  /** An execution that has told its end, and may be leaving its last states yet. */
  readonly endedArn?: string | undefined;
}

/**
 * Takes the slot of a pipeline for a run that is to be started, unless its holder is going or about to start. Of many who ask
 * at the same moment one gets it, by a conditional write. It is never given back: it is free when its holder's run has ended.
 *
 * @returns undefined when the slot is this run's now, else who has it.
 */
export const takeSlot = async (
  place: SlotPlace,
  pipeline: string,
  runId: string,
  now = () => new Date(),
): Promise<SlotHolder | undefined> => {
  const uri = `${folderIn(place.storeUri, 'triggers')}${pipeline}.json`;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const current = await read(place.objectStore, uri);
    if (current && current.slot.runId !== runId) {
      const holder = await holderOf(place, current.slot, now());
      if (holder) return holder;
    }
    if (await take(place.objectStore, uri, { runId, takenAt: now().toISOString() }, current?.etag)) return undefined;
  }
  throw new ObjectChangedError(`${uri} was taken by others ${MAX_ROUNDS} times in a row.`);
};

export interface SlotHolder {
  readonly runId: string;
  /** Its executions that are going; none while it is about to start. */
  readonly executionArns: readonly string[];
}

/** Undefined when the slot is free: the holder's run has ended, or was never started. */
const holderOf = async (
  { executions, stateMachineArn, endedArn }: SlotPlace,
  { runId, takenAt }: Slot,
  now: Date,
): Promise<SlotHolder | undefined> => {
  const found = await executionsOfRun(executions, stateMachineArn, runId);
  const executionArns = found
    .filter(({ executionArn, status }) => !hasEnded(status) && executionArn !== endedArn)
    .map(({ executionArn }) => executionArn);
  if (executionArns.length > 0) return { runId, executionArns };
  const isStarting = found.length === 0 && now.getTime() - Date.parse(takenAt) < MAX_START_MS;
  return isStarting ? { runId, executionArns: [] } : undefined;
};

/** @returns false when somebody else was faster. */
const take = async (objectStore: ObjectStore, uri: string, slot: Slot, etag: string | undefined): Promise<boolean> => {
  try {
    await objectStore.put(uri, JSON.stringify(slot), {
      contentType: 'application/json',
      ...(etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag }),
    });
    return true;
  } catch (error) {
    if (error instanceof ObjectChangedError) return false;
    throw error;
  }
};

const read = async (objectStore: ObjectStore, uri: string) => {
  try {
    const { text, etag } = await objectStore.getText(uri);
    return { slot: Slot.parse(JSON.parse(text)), etag };
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};
