/**
 * How models write values that aren't texts: with blanks around them, as NumPy aligns its columns, in brackets, as it prints
 * a row of one value, and with words for a value that is missing.
 */

/** What is left of a field's text without that; undefined for a missing value. */
export const bareText = (text: string): string | undefined => {
  const [, inBrackets] = /^\[\s*([^[\],\s]+)\s*\]$/.exec(text.trim()) ?? [];
  const bare = inBrackets ?? text.trim();
  return MISSING.test(bare) ? undefined : bare;
};

/** As Python, NumPy, pandas, JavaScript and JSON's relatives write it. */
const MISSING = /^([+-]?nan|nat|<na>|none|null)$/i;

/** `[0.1 0.9]` and `[0.1, 0.9]` are all the probabilities of a row in one field. */
export const isList = (text: string): boolean => /^\[.*\]$/s.test(text.trim());
