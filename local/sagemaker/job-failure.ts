/** Why a job or an endpoint failed, in the text of its FailureReason. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
}

/** The service cuts a FailureReason here. */
const MAX_FAILURE_REASON_CHARACTERS = 1_024;

/** The FailureReason for whatever ended the work. */
export const failureReason = (error: unknown): string => {
  const { message } = error as Error;
  const reason = error instanceof JobFailure ? message : `InternalServerError: ${message}`;
  return reason.slice(0, MAX_FAILURE_REASON_CHARACTERS);
};

/** What a job that was running when the stand-in ended is told after the restart. */
export const INTERRUPTED = 'InternalServerError: We encountered an internal error. Please try again.';

/** Runs a part of a job whose errors are the caller's to mend, such as a bucket that doesn't exist. */
export const orClientError = async <T>(prefix: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof JobFailure || (error as Error).name === 'AbortError') throw error;
    throw new JobFailure(`ClientError: ${prefix}:${(error as Error).message}`, { cause: error });
  }
};
