import { PipelineError } from '#shared/errors.ts';
import { awsProblemOf } from './aws/aws-error.ts';
import { linesWithControlsShown } from './control-characters.ts';
import { InterruptedError } from './interruption.ts';
import { EXIT, INPUT_ERRORS } from './usage.ts';

/** What to say about an error that ended a command, and the exit code; nothing is said of an interruption. */
export const messageOf = (error: unknown): { readonly text?: string; readonly exitCode: number } => {
  if (error instanceof InterruptedError) return { exitCode: error.exitCode };
  if (!(error instanceof Error)) return { text: String(error), exitCode: EXIT.runFailed };
  const message = linesWithControlsShown(error.message);
  if (INPUT_ERRORS.includes(error.name)) return { text: message, exitCode: EXIT.wrongInput };
  if (error instanceof PipelineError) return { text: `${error.name}: ${message}`, exitCode: EXIT.runFailed };
  const problem = awsProblemOf(error);
  if (problem) {
    const text = `AWS can't be asked: ${problem.detail}.\n${problem.remedy}`.trimEnd();
    return { text: linesWithControlsShown(text), exitCode: EXIT.runFailed };
  }
  if (systemErrorOf(error, ['ECONNREFUSED', 'ECONNRESET'])) {
    return {
      text: "The laptop's cloud that this command used has ended meanwhile. Run the command again.",
      exitCode: EXIT.runFailed,
    };
  }
  const full = systemErrorOf(error, ['ENOSPC', 'EDQUOT']) ?? (/^Error: (ENOSPC|EDQUOT):/.test(error.message) && error);
  if (full) {
    return {
      text: `There is no room left on the disk (${full.message.split('\n')[0]!}). Make some, or name a folder elsewhere in FEDML_STATE_DIR, and start again.`,
      exitCode: EXIT.runFailed,
    };
  }
  return {
    text: `This is unexpected, and a bug of fedml or of its laptop's cloud.\n${error.stack}`,
    exitCode: EXIT.runFailed,
  };
};

/** The error of a socket or file with one of the codes: itself, one of the attempts over IPv4 and IPv6, or what is wrapped in it. */
const systemErrorOf = (error: unknown, codes: readonly string[]): Error | undefined => {
  if (!(error instanceof Error)) return undefined;
  const { code = '', cause } = error as NodeJS.ErrnoException;
  if (codes.includes(code)) return error;
  const attempts: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [cause, ...attempts].map((each) => systemErrorOf(each, codes)).find((each) => each !== undefined);
};
