/**
 * A number in its own text, as whoever wrote it wrote it: `1.0`, `9007199254740993` and twenty digits are other numbers, or
 * other types, to a script in Python than what JavaScript makes of them. `JSON.stringify` writes it as it is.
 */
export interface ExactNumber {
  readonly rawJSON: string;
}

export type ExactJson =
  | string
  | number
  | boolean
  | null
  | ExactNumber
  | readonly ExactJson[]
  | { readonly [name: string]: ExactJson };

/** ECMAScript's own, which TypeScript's libraries don't declare yet. */
const exactly = JSON as unknown as {
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
  parse(
    text: string,
    reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
};

/** A number as JavaScript has it, where it is written no differently; else in its own text. */
export const exactNumber = (json: string): number | ExactNumber => {
  const number = Number(json);
  return String(number) === json ? number : exactly.rawJSON(json);
};

export const isExactNumber = (value: unknown): value is ExactNumber => exactly.isRawJSON(value);

/** JSON.parse that keeps numbers as they are written. */
export const parseExact = (text: string): unknown =>
  exactly.parse(text, (_, value, { source }) => (typeof value === 'number' ? exactNumber(source!) : value));

/** The value with JavaScript's numbers in the place of exact ones, for settings that are ours to read. */
export const plainJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? 'null');

/** Whether there is a number anywhere in a value. */
export const hasNumber = (value: unknown): boolean => {
  if (typeof value === 'number' || isExactNumber(value)) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasNumber);
};
