import type { Feature } from '#shared/models/feature-contract.ts';
import { type TypeKind, typeDdl, typeKind } from '#shared/warehouse/column-types.ts';

/**
 * What keeps a text from being a value of a feature's type; undefined when nothing does. Lengths and ranges are no matter: they
 * are the table's, and the model doesn't know them. NULL is left to the model.
 */
export const valueMistake = (feature: Feature, text: string | null): string | undefined => {
  const form = FORMS[typeKind(feature)!];
  if (text === null || !form || form.pattern.test(text.trim())) {
    return text !== null && form?.isNumber && isOutOfRange(text)
      ? `${shown(text)} is a number that a double can't hold, ${typeDdl(feature)} in training.`
      : undefined;
  }
  return `${form.wanted} is needed, ${typeDdl(feature)} in training, and there is ${shown(text)}.`;
};

interface Form {
  readonly pattern: RegExp;
  readonly wanted: string;
  readonly isNumber?: true;
}

/** Python's words for what is no number stand for NULL in files of pandas. */
const number: Form = {
  pattern: /^([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf|infinity)|null|none|na|n\/a|)$/i,
  wanted: 'a number',
  isNumber: true,
};

const day = String.raw`\d{4}-\d{2}-\d{2}`;

/** Texts and bytes are whatever they are. */
const FORMS: Partial<Record<TypeKind, Form>> = {
  integer: number,
  decimal: number,
  real: number,
  double: number,
  boolean: { pattern: /^(true|false|[01](\.0)?|)$/i, wanted: 'true or false' },
  date: { pattern: new RegExp(`^(${day}([T ].*)?|)$`), wanted: 'a date as YYYY-MM-DD' },
  time: { pattern: /^(\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?|)$/, wanted: 'a time as HH:MM:SS' },
  timestamp: { pattern: new RegExp(`^(${day}([T ].*)?|)$`), wanted: 'a timestamp as YYYY-MM-DD HH:MM:SS' },
};

const isOutOfRange = (text: string): boolean => /\d/.test(text) && Math.abs(Number(text)) === Number.POSITIVE_INFINITY;

const MAX_SHOWN = 40;

/** The caller's own value, quoted to them. */
const shown = (text: string): string => JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
