import { z } from 'zod';
import { type ExactJson, isExactNumber } from './exact-json.ts';

type Path = readonly (string | number)[];

/** Any value of JSON, with its numbers as they were written. What JSON, or a script's numbers, can't hold is refused. */
export const ExactValue = z.unknown().superRefine((value, context) => {
  for (const { path, message } of mistakesIn(value, [])) context.addIssue({ code: 'custom', path: [...path], message });
}) as unknown as z.ZodType<ExactJson, ExactJson>;

const mistakesIn = (value: unknown, path: Path): { path: Path; message: string }[] => {
  const mistake = (message: string) => [{ path, message }];
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return [];
  if (isExactNumber(value)) return numberMistake(value.rawJSON).flatMap(mistake);
  if (typeof value === 'number')
    return Number.isFinite(value) ? [] : mistake(`is ${value}, which JSON has no number for. ${QUOTES}`);
  if (Array.isArray(value)) return value.flatMap((each, index) => mistakesIn(each, [...path, index]));
  if (value === undefined) return mistake('is missing');
  if (typeof value !== 'object') return mistake(`is a ${typeof value}, which JSON doesn't have`);
  return Object.entries(value).flatMap(([name, each]) => mistakesIn(each, [...path, name]));
};

const QUOTES = 'Put it in quotes if it is a text.';

/** `61e9540` is the number of a commit more often than one of 9,542 digits. */
const numberMistake = (text: string): string[] => {
  const number = Number(text);
  if (!Number.isFinite(number))
    return [`${text} is read as a number, and is larger than any that a float holds. ${QUOTES}`];
  if (number === 0 && /[1-9]/.test(text.split(/e/i)[0]!)) {
    return [`${text} is read as a number, and is smaller than any that a float holds. ${QUOTES}`];
  }
  return [];
};
