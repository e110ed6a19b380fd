/** The log that a job's or an endpoint's containers write to CloudWatch. */
export interface JobLog {
  /** The last lines of the streams whose names start with the prefix, oldest first; none when there is no such log. */
  tail(logGroup: string, streamPrefix: string, maxLines: number): Promise<string[]>;
}

export const TRAINING_LOG_GROUP = '/aws/sagemaker/TrainingJobs';
export const TRANSFORM_LOG_GROUP = '/aws/sagemaker/TransformJobs';
export const endpointLogGroup = (endpointName: string): string => `/aws/sagemaker/Endpoints/${endpointName}`;

const READ_LINES = 200;
const SHOWN_LINES = 25;
const SHOWN_CHARACTERS = 4000;

/**
 * The end of a container's log, for an error's message: the last traceback up to its exception when there is one,
 * else the last lines. Empty when nothing was logged.
 */
export const lastWords = async (log: JobLog, logGroup: string, streamPrefix: string): Promise<string> => {
  const lines = await readLines(log, logGroup, streamPrefix);
  const start = lines.findLastIndex((line) => line.startsWith('Traceback (most recent call last)'));
  const told = start < 0 ? lines.filter((line) => line !== '').slice(-SHOWN_LINES) : traceback(lines.slice(start));
  return told.join('\n').slice(-SHOWN_CHARACTERS);
};

/** A log that can't be read must not keep a failure from being told. */
const readLines = async (log: JobLog, logGroup: string, streamPrefix: string): Promise<string[]> => {
  try {
    return (await log.tail(logGroup, streamPrefix, READ_LINES)).map((line) => line.trimEnd());
  } catch (error) {
    return [`(The log group ${logGroup} can't be read: ${(error as Error).message})`];
  }
};

/** The containers' own report of the failure follows the traceback and says nothing new. */
const FRAMEWORK_LINE =
  /^\d{4}-\d\d-\d\d[ T].*\b(INFO|WARNING|ERROR)\b|^(ExecuteUserScriptError|ExitCode|ErrorMessage|Command) ?/;

const traceback = (lines: readonly string[]): string[] => {
  const end = lines.findIndex((line) => FRAMEWORK_LINE.test(line));
  const all = (end < 0 ? [...lines] : lines.slice(0, end)).filter((line) => line !== '');
  return all.length <= SHOWN_LINES ? all : [all[0]!, '  …', ...all.slice(2 - SHOWN_LINES)];
};
