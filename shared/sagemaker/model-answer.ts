const MAX_CHARACTERS = 500;

/**
 * What a server says of its failure, for a message: web servers in front of models say it in pages of HTML, of which only
 * the words are of use.
 */
export const saidText = (body: string): string => {
  const text = /<(!doctype|html|head|title|body|h1|center)\b/i.test(body) ? wordsOfPage(body) : body.trim();
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)} …` : text;
};

/** A page's title says what its body repeats. */
const wordsOfPage = (page: string): string => {
  const title = /<title[^>]*>([^<]*)/i.exec(page)?.[1] ?? '';
  return plainWords(title) || plainWords(page);
};

const plainWords = (html: string): string =>
  html
    .replace(/<(style|script)\b[\s\S]*?<\/\1\s*>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => ENTITIES[name]!)
    .replace(/\s+/g, ' ')
    .trim();

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' };

/** A failure's sentence with the end of the model's log, where that says something. */
export const withLastWords = (sentence: string, words: string): string =>
  words ? `${sentence} Its log ends with:\n${words}` : sentence;
