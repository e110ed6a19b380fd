import { awsProblemOf } from '../aws/aws-error.ts';

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

/** What to do about an error, by what kind of error it is. */
export interface Remedies {
  /** When the thing itself is missing or wrong. */
  readonly remedy: string;
  /** The action that the look takes, such as `s3:ListBucket`: named where the refusal doesn't. */
  readonly action?: string;
}

/**
 * Looks at one thing; an error that it throws is the finding. Its remedy fits the error: what can't be asked, reached or called
 * is not remedied by what helps where the thing is missing.
 */
export const examine = async (
  subject: string,
  remedies: string | Remedies,
  look: () => Promise<Finding | string>,
): Promise<Finding> => {
  try {
    const found = await look();
    return typeof found === 'string' ? ok(subject, found) : found;
  } catch (error) {
    const { remedy, action } = typeof remedies === 'string' ? { remedy: remedies, action: undefined } : remedies;
    const { name, message } = error as Error;
    const aws = awsProblemOf(error);
    if (!aws) return problem(subject, `${name}: ${message}`, remedy);
    const allow = action === undefined ? remedy : `Let this identity call ${action}.`;
    return problem(subject, aws.detail, aws.remedy || allow);
  }
};
