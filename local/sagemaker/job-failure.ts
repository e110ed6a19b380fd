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

/** Runs a part of a job whose errors are the caller's to fix, such as a bucket that doesn't exist. */
export const orClientError = async <T>(prefix: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof JobFailure || (error as Error).name === 'AbortError') throw error;
    throw new JobFailure(`ClientError: ${prefix}:${s3Text(error as Error)}`, { cause: error });
  }
};

/** As SageMaker quotes S3: `AccessDenied (403): Access Denied`. */
const s3Text = ({ name, message, ...error }: Error & { $metadata?: { httpStatusCode?: number } }): string => {
  const status = error.$metadata?.httpStatusCode;
  return status === undefined ? message : `${name} (${status}): ${message}`;
};
