import type { z } from 'zod';
import { didYouMean } from '#shared/nearest-names.ts';
import { knownSettings } from './known-settings.ts';

/** What is wrong with a setting, in words. */
export interface SettingMistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** An issue of the definition's schema in words. All unknown keys of an object are one issue; each gets a line of its own. */
export const mistakesOf = (issue: Issue): SettingMistake[] => {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: unknownSetting(key, issue.path) }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path: issue.path, message: `as a name, ${message}` }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return nearestAlternative(issue.errors).flatMap((inner) =>
      mistakesOf({ ...inner, path: [...issue.path, ...inner.path] } as Issue),
    );
  }
  return [{ path: issue.path, message: isMissing(issue) ? 'is missing' : issue.message }];
};

/** The alternative that fits best is the one that was meant: one whose settings are known counts before one that has less to say. */
const nearestAlternative = (alternatives: readonly (readonly Issue[])[]): readonly Issue[] =>
  [...alternatives].sort((a, b) => unknownCount(a) - unknownCount(b) || a.length - b.length)[0]!;

const unknownCount = (issues: readonly Issue[]): number =>
  issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0);

/** A setting can be of another alternative, such as `instances` of a deployment whose target is none. */
const unknownSetting = (key: string, path: readonly PropertyKey[]): string => {
  const known = knownSettings(path);
  if (known.includes(key)) return `belongs to another kind of ${path.join('.')} than the one that is chosen.`;
  return `is not a setting that pipelines have.${didYouMean(key, known)}`;
};

const isMissing = (issue: Issue): boolean => issue.code === 'invalid_type' && issue.input === undefined;
