import { invalidParameter } from './request.ts';

/** True when a message passes a filter. */
export type MessageFilter = (message: string) => boolean;

const TERM = /([-?]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))\s*/gy;

/**
 * The term patterns of CloudWatch Logs: `a b` needs both, `?a ?b` either, `-a` excludes, quotes keep spaces. Case counts.
 *
 * @throws InvalidParameterException for JSON, space-delimited and regular expression patterns, which are not answered.
 */
export const parseFilterPattern = (pattern: string): MessageFilter => {
  const source = pattern.trim();
  if (/^[{[%]/.test(source)) {
    throw invalidParameter(`The laptop's CloudWatch Logs knows term patterns only, not "${pattern}".`);
  }
  const terms: Record<string, string[]> = { '': [], '?': [], '-': [] };
  TERM.lastIndex = 0;
  while (TERM.lastIndex < source.length) {
    const match = TERM.exec(source);
    if (!match) throw invalidParameter(`Invalid filter pattern "${pattern}".`);
    terms[match[1]!]!.push(match[2]?.replace(/\\(.)/g, '$1') ?? match[3]!);
  }
  const { '': needed, '?': alternatives, '-': excluded } = terms as Record<'' | '?' | '-', string[]>;
  return (message) =>
    needed.every((term) => message.includes(term)) &&
    (alternatives.length === 0 || alternatives.some((term) => message.includes(term))) &&
    !excluded.some((term) => message.includes(term));
};
