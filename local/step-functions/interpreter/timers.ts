/** Calls back at a time in epoch milliseconds, however far away it is. Returns what cancels it. */
export const alarmAt = (time: number, ring: () => void): (() => void) => {
  let timer: NodeJS.Timeout;
  const wind = () => {
    const remaining = time - Date.now();
    timer = setTimeout(remaining > 0 ? wind : ring, Math.min(Math.max(remaining, 0), LONGEST_TIMEOUT));
  };
  wind();
  return () => clearTimeout(timer);
};

/** What `setTimeout` can hold: about 24.8 days. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Resolves at a time in epoch milliseconds; rejects with the signal's reason when it is aborted before. */
export const sleepUntil = (time: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = alarmAt(time, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
