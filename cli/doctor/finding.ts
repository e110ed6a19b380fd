import { PipelineError } from '#shared/errors.ts';
import { awsProblem } from '../aws-error.ts';

/** What the doctor found out about one thing. */
export interface Finding {
  readonly status: 'ok' | 'warning' | 'problem';
  /** What was looked at, such as `view FLIGHTS.V_FLIGHTS`. */
  readonly subject: string;
  readonly detail: string;
  /** What to do about it; none where all is well. */
  readonly remedy?: string;
}

export const ok = (subject: string, detail: string): Finding => ({ status: 'ok', subject, detail });

export const warning = (subject: string, detail: string, remedy: string): Finding => ({
  status: 'warning',
  subject,
  detail,
  remedy,
});

export const problem = (subject: string, detail: string, remedy: string): Finding => ({
  status: 'problem',
  subject,
  detail,
  remedy,
});

/** Looks at one thing; an error that it throws is the finding. */
export const examine = async (
  subject: string,
  remedy: string,
  look: () => Promise<Finding | string>,
): Promise<Finding> => {
  try {
    const found = await look();
    return typeof found === 'string' ? ok(subject, found) : found;
  } catch (error) {
    const unreached = error instanceof PipelineError ? undefined : awsProblem(error);
    if (unreached) return problem(subject, unreached.detail, unreached.fix);
    const { name, message } = error as Error;
    return problem(subject, `${name}: ${message}`, remedy);
  }
};
