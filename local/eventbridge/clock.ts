/** The time, and calls at a time; a test brings its own. */
export interface Clock {
  now(): Date;
  /** Calls `run` once the clock shows `time` or later; the returned function calls it off. */
  at(time: Date, run: () => void): () => void;
}

/** Longer timers overflow in Node. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => new Date(),
  at(time, run) {
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const leftMs = time.getTime() - Date.now();
      timer = leftMs > LONGEST_TIMER_MS ? setTimeout(wait, LONGEST_TIMER_MS) : setTimeout(run, Math.max(0, leftMs));
    };
    wait();
    return () => clearTimeout(timer);
  },
};
