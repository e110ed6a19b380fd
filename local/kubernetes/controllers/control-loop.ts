import type { ObjectStore } from '../api/object-store.ts';

export interface ControlLoop {
  /** Has every controller look at its objects, soon. */
  nudge(): void;
  lookAgainAfter(ms: number): void;
  close(): void;
}

/** Runs all controllers after each change of the store, until they have nothing left to change; others get a turn between. */
export const startControlLoop = (store: ObjectStore, controllers: readonly (() => void)[]): ControlLoop => {
  const timers = new Set<NodeJS.Timeout>();
  let isScheduled = false;
  let isClosed = false;

  const nudge = (): void => {
    if (isScheduled || isClosed) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      if (!isClosed) for (const controller of controllers) attempt(controller);
    });
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

/** One object that a controller can't deal with must not end the cluster. */
const attempt = (controller: () => void): void => {
  try {
    controller();
  } catch (error) {
    process.emitWarning(error as Error);
  }
};
