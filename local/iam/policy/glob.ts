/** A pattern of a policy, taken apart once. */
export type Glob = (text: string) => boolean;

/**
 * `*` is any run of characters, `?` any one, newlines too. What stands in the text is never a pattern. `${*}`, `${?}` and `${$}`
 * are the plain characters.
 */
export const glob = (pattern: string): Glob => {
  const tokens = tokensOf(pattern);
  if (tokens.every((token) => token.length === 1)) {
    const literal = tokens.join('');
    return (text) => text === literal;
  }
  return (text) => matches(tokens, text);
};

const ANY_RUN = 'any run';
const ANY_ONE = 'any one';

/** Single characters, and the two wildcards by names that are no single character. */
const tokensOf = (pattern: string): readonly string[] => {
  const tokens: string[] = [];
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern[index]!;
    const escaped = /^\$\{([*?$])\}/.exec(pattern.slice(index, index + 4))?.[1];
    if (escaped !== undefined) {
      tokens.push(escaped);
      index += 3;
    } else {
      tokens.push(character === '*' ? ANY_RUN : character === '?' ? ANY_ONE : character);
    }
  }
  return tokens;
};

/** Goes back to the last `*` alone, so that no pattern takes more than pattern times text. */
const matches = (tokens: readonly string[], text: string): boolean => {
  let [token, position, runToken, runPosition] = [0, 0, -1, 0];
  while (position < text.length) {
    const wanted = tokens[token];
    if (wanted === ANY_RUN) {
      runToken = token;
      runPosition = position;
      token += 1;
    } else if (wanted === ANY_ONE || wanted === text[position]) {
      token += 1;
      position += 1;
    } else if (runToken >= 0) {
      runPosition += 1;
      position = runPosition;
      token = runToken + 1;
    } else {
      return false;
    }
  }
  while (tokens[token] === ANY_RUN) token += 1;
  return token === tokens.length;
};

/**
 * An ARN's first five fields are compared each by itself, the rest as a whole: no `*` reaches over a colon before it. Where a
 * pattern has fewer fields its last one is compared with all that remains, as in `arn:aws:states:*`.
 */
export const arnGlob = (pattern: string): Glob => {
  if (pattern === '*') return () => true;
  const globs = fieldsOf(pattern, 6).map(glob);
  return (arn) => {
    const fields = fieldsOf(arn, globs.length);
    return fields.length === globs.length && globs.every((matchesField, index) => matchesField(fields[index]!));
  };
};

const fieldsOf = (arn: string, count: number): string[] => {
  const fields: string[] = [];
  let start = 0;
  while (fields.length < count - 1) {
    const colon = arn.indexOf(':', start);
    if (colon < 0) break;
    fields.push(arn.slice(start, colon));
    start = colon + 1;
  }
  fields.push(arn.slice(start));
  return fields;
};
