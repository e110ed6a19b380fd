import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/**
 * Everything a value violates of its schema, one a line. Of alternatives the one that comes closest is told: zod itself says
 * "Invalid input" of a value that fits none, and no more.
 */
export const mistakesOf = ({ issues }: z.ZodError): string => {
  const lines = issues
    .flatMap(plainIssues)
    .map(({ path, message }) => `✖ ${message}${path.length > 0 ? `\n  → at ${pathOf(path)}` : ''}`);
  const hidden = lines.length - MAX_MISTAKES;
  return [...lines.slice(0, MAX_MISTAKES), ...(hidden > 0 ? [`and ${hidden} more.`] : [])].join('\n');
};

/** Ten thousand rows can have the same mistake. */
const MAX_MISTAKES = 20;

/** An issue with those of its closest alternative in the place of a union's. */
export const plainIssues = (issue: Issue): Issue[] => {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const alternatives = issue.errors.map((issues) =>
    issues.flatMap(plainIssues).map((each) => ({ ...each, path: [...issue.path, ...each.path] })),
  );
  const closest = alternatives.reduce((best, each) => (depthOf(each) > depthOf(best) ? each : best));
  const isElsewhere = depthOf(closest) > issue.path.length;
  return isElsewhere ? closest : [{ ...issue, message: expectationOf(alternatives) }];
};

const depthOf = (issues: readonly Issue[]): number => Math.max(0, ...issues.map(({ path }) => path.length));

/** Where no alternative gets further than the value itself, all of them are told. */
const expectationOf = (alternatives: readonly (readonly Issue[])[]): string =>
  [...new Set(alternatives.map(([first]) => first!.message.replace(/^Invalid input: /, '')))].join('; or ');

const pathOf = (path: readonly PropertyKey[]): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
