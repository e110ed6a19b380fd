/** C0 and C1, and what turns the direction of writing. */
const CONTROL_CHARACTERS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The text with its control characters shown, as `\n` or `\u001b`: data must not move the cursor or recolour the terminal. */
export const withControlsShown = (text: string): string =>
  text.replace(CONTROL_CHARACTERS, (character) => {
    const json = JSON.stringify(character).slice(1, -1);
    return json === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : json;
  });

/** The same for a text of several lines, whose line breaks and tabs stay. */
export const linesWithControlsShown = (text: string): string =>
  text.replaceAll('\r\n', '\n').replace(/[^\n\t]+/g, withControlsShown);
