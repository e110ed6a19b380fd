/** Work that goes on after an operation has answered, and ends with the stand-in. */
export interface Background {
  /** Aborted when the stand-in closes. */
  readonly closing: AbortSignal;
  /** Starts work in the background. It handles its own errors; one that escapes while closing is of no interest. */
  run(work: () => Promise<void>): void;
  /** Registers what ends something that was started; returns how to take it back. */
  onClose(end: () => unknown): () => void;
  /** Aborts what runs and waits for its end. */
  close(): Promise<void>;
}

export const openBackground = (): Background => {
  const controller = new AbortController();
  const running = new Set<Promise<void>>();
  const ends = new Set<() => unknown>();
  return {
    closing: controller.signal,
    run(work) {
      const task = work().finally(() => running.delete(task));
      running.add(task);
      task.catch((error: unknown) => {
        if (!controller.signal.aborted) throw error;
      });
    },
    onClose(end) {
      if (controller.signal.aborted) end();
      ends.add(end);
      return () => ends.delete(end);
    },
    async close() {
      controller.abort(new Error('SageMaker is closing.'));
      await Promise.allSettled([...ends].map((end) => end()));
      await Promise.allSettled(running);
    },
  };
};
