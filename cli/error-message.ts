import { PipelineError } from '#shared/errors.ts';
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
  if (isUnreachable(error)) {
    return {
      text: "The laptop's cloud that this command used has ended meanwhile. Run the command again.",
      exitCode: EXIT.runFailed,
    };
  }
  return {
    text: `This is unexpected, and a bug of fedml or of its laptop's cloud.\n${error.stack}`,
    exitCode: EXIT.runFailed,
  };
};

/** The error of a socket, or of one of the attempts over IPv4 and IPv6, or what the SDK has wrapped it in. */
const isUnreachable = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { code, cause } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return true;
  return isUnreachable(cause) || (error instanceof AggregateError && error.errors.some(isUnreachable));
};
