import { z } from 'zod';
import { linesWithControlsShown } from './control-characters.ts';
import type { Terminal } from './terminal.ts';

/** Why a run failed, in lines that a person can read: the error in red, then what happened and what to do. */
export const failureLines = ({ error, cause }: Failure, out: Terminal): string[] => {
  const title = error === 'GateNotPassedError' ? 'Gate not passed' : error;
  return [
    `  ${out.style('red', title)}`,
    ...linesWithControlsShown(plainCause(cause))
      .split('\n')
      .map((line) => `    ${line}`.trimEnd()),
  ];
};

export interface Failure {
  readonly error: string;
  readonly cause: string;
}

/** What a Lambda function fails with; AnnounceRun has unpacked it, unless it failed itself. */
const FunctionError = z.object({ errorMessage: z.string() });

const plainCause = (cause: string): string => {
  if (!cause.startsWith('{')) return cause;
  try {
    return FunctionError.parse(JSON.parse(cause)).errorMessage;
  } catch {
    return cause;
  }
};
