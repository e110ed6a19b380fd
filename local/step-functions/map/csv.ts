/** The fields of CSV text, row by row, from chunks cut anywhere. */
export async function* readCsv(chunks: AsyncIterable<string>, delimiter: string): AsyncGenerator<string[]> {
  const parser = csvParser(delimiter);
  for await (const chunk of chunks) yield* parser.push(chunk);
  yield* parser.end();
}

/**
 * The dialect of Step Functions: quoted fields hold delimiters and line breaks, a doubled quote is one quote, and a
 * backslash takes the special meaning from a backslash, a quote or the delimiter and otherwise falls away.
 */
const csvParser = (delimiter: string) => {
  let row: string[] = [];
  let field = '';
  let isQuoted = false;
  let afterQuote = false;
  let afterBackslash = false;
  let afterReturn = false;

  const endField = () => {
    row.push(field);
    field = '';
    afterQuote = false;
  };
  const endRow = (): string[][] => {
    endField();
    const ended = row;
    row = [];
    return ended.length === 1 && ended[0] === '' ? [] : [ended]; // an empty line is no row
  };

  function* push(text: string): Generator<string[]> {
    for (const character of text) {
      const isLineFeedOfPair = afterReturn && character === '\n';
      afterReturn = false;
      if (isLineFeedOfPair) continue;
      if (afterBackslash) {
        field += character;
        afterBackslash = false;
      } else if (character === '\\') {
        afterBackslash = true;
      } else if (isQuoted && afterQuote && character === '"') {
        field += '"';
        afterQuote = false;
      } else if (isQuoted && !afterQuote) {
        if (character === '"') afterQuote = true;
        else field += character;
      } else if (character === delimiter || character === '\n' || character === '\r') {
        isQuoted = false;
        if (character === delimiter) endField();
        else yield* endRow();
        afterReturn = character === '\r';
      } else if (character === '"' && field === '' && !isQuoted) {
        isQuoted = true;
      } else {
        field += character;
      }
    }
  }

  function* end(): Generator<string[]> {
    if (field !== '' || row.length > 0 || isQuoted) yield* endRow();
  }

  return { push, end };
};
