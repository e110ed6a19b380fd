/** Somebody ended the command; what it had started was closed in order. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  /** As shells report it: 128 and the signal's number. */
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

const controller = new AbortController();
let isListening = false;

/**
 * Aborted with an InterruptedError by the first Ctrl-C, SIGTERM or SIGHUP, when the launcher is gone, or when nobody reads the
 * output any more. The second Ctrl-C ends this process at once; what it started notices and ends too.
 */
export const interruption = (): AbortSignal => {
  if (!isListening) listen();
  isListening = true;
  return controller.signal;
};

/** The result of `work`, or an InterruptedError as soon as somebody ends the command. */
export const untilInterrupted = async <T>(work: Promise<T>): Promise<T> => {
  const signal = interruption();
  const aborted = Promise.withResolvers<never>();
  const reject = (): void => aborted.reject(signal.reason);
  if (signal.aborted) reject();
  signal.addEventListener('abort', reject);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', reject);
  }
};

const listen = (): void => {
  for (const [name, exitCode] of Object.entries(EXIT_CODES)) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCode);
      controller.abort(new InterruptedError(`Interrupted by ${name}.`, exitCode));
    });
  }
  process.on('disconnect', () => controller.abort(new InterruptedError('The launcher has ended.', EXIT_CODES.SIGTERM)));
  process.channel?.unref();
  // `fedml runs | head -1`: the reader has what it wanted.
  process.stdout.on(
    'error',
    whenUnread(() => controller.abort(new InterruptedError('Nobody reads the output.', 0))),
  );
  // What is said on the way may go unread: the command is there for its result.
  process.stderr.on(
    'error',
    whenUnread(() => {}),
  );
};

const whenUnread =
  (onUnread: () => void) =>
  (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    onUnread();
  };
