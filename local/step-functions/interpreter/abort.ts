/** An AbortController below another signal; `release` unties it from there when its work is over. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  release(): void;
}

export const linkedAbort = (parent: AbortSignal): LinkedAbort => {
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => parent.removeEventListener('abort', follow),
  };
};

/** Rejects with the signal's reason as soon as it is aborted; otherwise takes the promise's outcome. */
export const orAborted = async <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> => {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};
