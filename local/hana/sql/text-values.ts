import { hanaError } from './errors.ts';

/** `2024-02-29`, `2024/02/29` or `20240229`, also with a time behind it, as DuckDB writes a date. Throws 303. */
export function parseDate(text: string): string {
  const match = DATE.exec(text.trim());
  if (!match) throw invalid(text, 'DATE');
  return checkedDate(text, match);
}

/** `13:45`, `13:45:59` or with a fraction. Throws 303. */
export function parseTime(text: string): string {
  const match = TIME.exec(text.trim());
  if (!match) throw invalid(text, 'TIME');
  return checkedTime(text, match.slice(1));
}

/** A date, with a time or without. Throws 303. */
export function parseTimestamp(text: string): string {
  const match = DATE.exec(text.trim());
  if (!match) throw invalid(text, 'TIMESTAMP');
  return `${checkedDate(text, match)} ${checkedTime(text, match.slice(6))}`;
}

/** A decimal or floating number as text. Throws 339. */
export function parseNumber(text: string): string {
  const trimmed = text.trim();
  if (!NUMBER.test(trimmed)) throw hanaError(339, `"${text.slice(0, 60)}" is not a number`);
  return trimmed;
}

/** Values, not SQL: the forms in which HANA reads a date, a time and a number from a string. */
const DATE =
  /^(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|(?=\d{4}(?!\d))(\d{2})(\d{2}))(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?Z?)?$/;
const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function checkedDate(text: string, match: RegExpExecArray): string {
  const [, year = '', month = match[4] ?? '', day = match[5] ?? ''] = match;
  const lastDay = new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
  const valid =
    Number(year) >= 1 && Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= lastDay;
  if (!valid) throw invalid(text, 'DATE');
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

function checkedTime(text: string, parts: readonly (string | undefined)[]): string {
  const [hour = '0', minute = '0', second = '0', fraction = ''] = parts;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) throw invalid(text, 'TIME');
  const time = [hour, minute, second].map((part) => part.padStart(2, '0')).join(':');
  return fraction === '' ? time : `${time}.${fraction.slice(0, 6)}`;
}

const invalid = (text: string, type: string) => hanaError(303, `"${text.slice(0, 60)}" is not a ${type}`);
