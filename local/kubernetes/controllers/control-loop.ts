import type { ObjectStore } from '../api/object-store.ts';

export interface ControlLoop {
  /** Has every controller look at its objects, soon. */
  nudge(): void;
  lookAgainAfter(ms: number): void;
  close(): void;
}

/** Controllers that change things again and again would go on for ever; a few rounds are enough for all real changes. */
const MAX_ROUNDS = 50;

/** Runs all controllers after each change of the store, until they have nothing left to change. */
export const startControlLoop = (store: ObjectStore, controllers: readonly (() => void)[]): ControlLoop => {
  const timers = new Set<NodeJS.Timeout>();
  let isScheduled = false;
  let isRunning = false;
  let isClosed = false;

  const run = (): void => {
    isScheduled = false;
    if (isClosed) return;
    isRunning = true;
    try {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const before = store.version();
        for (const controller of controllers) controller();
        if (store.version() === before) return;
      }
      throw new Error(`The laptop's Kubernetes did not settle after ${MAX_ROUNDS} rounds.`);
    } finally {
      isRunning = false;
    }
  };

  const nudge = (): void => {
    if (isScheduled || isRunning || isClosed) return;
    isScheduled = true;
    setImmediate(run);
  };

  const unsubscribe = store.subscribe(nudge);
  nudge();
  return {
    nudge,
    lookAgainAfter(ms) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        nudge();
      }, ms + 1);
      timers.add(timer);
    },
    close() {
      isClosed = true;
      unsubscribe();
      for (const timer of timers) clearTimeout(timer);
    },
  };
};
