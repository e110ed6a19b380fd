/** The log that a job's or an endpoint's containers write to CloudWatch. */
export interface JobLog {
  /** The last lines, oldest first; none when there is no such log. */
  tail(source: LogSource, maxLines: number): Promise<string[]>;
}

export interface LogSource {
  readonly logGroup: string;
  /** The streams whose names start so; the streams written last when absent. */
  readonly streamPrefix?: string;
  /** Older lines are of something else. */
  readonly since?: Date;
}

export const trainingLog = (jobName: string): LogSource => ({
  logGroup: '/aws/sagemaker/TrainingJobs',
  streamPrefix: `${jobName}/`,
});

export const transformLog = (jobName: string): LogSource => ({
  logGroup: '/aws/sagemaker/TransformJobs',
  streamPrefix: `${jobName}/`,
});

/** An endpoint's streams are of its instances, old and new; the new ones wrote last. */
export const endpointLog = (endpointName: string, since?: Date): LogSource => ({
  logGroup: `/aws/sagemaker/Endpoints/${endpointName}`,
  ...(since && { since }),
});

const READ_LINES = 200;
const SHOWN_LINES = 25;
const SHOWN_CHARACTERS = 4000;

/**
 * The end of a container's log, for an error's message: the last traceback up to its exception when there is one,
 * else the last lines. Empty when nothing was logged.
 */
export const lastWords = async (log: JobLog, source: LogSource): Promise<string> => {
  return lastWordsOf(await readLines(log, source));
};

/** The same of lines that were read elsewhere. */
export const lastWordsOf = (lines: readonly string[]): string => {
  const start = lines.findLastIndex((line) => isTraceback(line));
  const told = start < 0 ? lines.filter((line) => line !== '').slice(-SHOWN_LINES) : traceback(lines.slice(start));
  return told.join('\n').slice(-SHOWN_CHARACTERS);
};

export const isTraceback = (line: string): boolean => line.startsWith('Traceback (most recent call last)');

/** A log that can't be read must not keep a failure from being told. */
const readLines = async (log: JobLog, source: LogSource): Promise<string[]> => {
  try {
    return (await log.tail(source, READ_LINES)).map((line) => line.trimEnd());
  } catch (error) {
    return [`(The log group ${source.logGroup} can't be read: ${(error as Error).message})`];
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
