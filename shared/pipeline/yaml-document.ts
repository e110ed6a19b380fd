import { type Document, isAlias, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { type LineMistake, tooDeepLine } from './yaml-text.ts';

export interface YamlDocument {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** What makes it no settings at all, or other settings than were meant. */
  readonly mistakes: readonly LineMistake[];
}

/** Parses one document of YAML 1.2's core schema, without merge keys. Throws nothing: what is wrong is in `mistakes`. */
export const readYaml = (text: string): YamlDocument => {
  const lines = new LineCounter();
  const line = tooDeepLine(text);
  const document = parseDocument(line === undefined ? text : '', {
    lineCounter: lines,
    uniqueKeys: true,
    merge: false,
    prettyErrors: false,
    // Silent, it would leave out that there are several documents.
    logLevel: 'error',
  });
  if (line !== undefined)
    return { document, lines, mistakes: [{ line, message: 'is nested too deeply for settings.' }] };
  const wrong = [...syntaxMistakes(document, lines), ...nodeMistakes(document, lines)];
  // What follows on the line of a mistake is its consequence.
  const byLine = Map.groupBy(wrong, (mistake) => mistake.line);
  return { document, lines, mistakes: [...byLine.values()].map(([first]) => first!) };
};

/** A tag that YAML's core schema doesn't have comes as a warning, and its value as if there were none. */
const syntaxMistakes = ({ errors, warnings }: Document.Parsed, lines: LineCounter): LineMistake[] =>
  [...errors, ...warnings].map(({ code, message, pos }) => ({
    line: lines.linePos(pos[0]).line,
    message: WORDS[code]?.(message) ?? message.split('\n')[0]!,
  }));

const WORDS: Readonly<Record<string, (message: string) => string>> = {
  MULTIPLE_DOCS: () => 'a second document begins here. A pipeline.yml is one: remove the line of "---".',
  TAG_RESOLVE_FAILED: (message) => {
    const [, tag = 'a tag'] = /tag:? (\S+)/.exec(message) ?? [];
    return `the tag ${tag.replace('tag:yaml.org,2002:', '!!')} is not one that settings may have. Write the value as it is, without a tag.`;
  },
};

/** What the syntax allows and settings can't be. */
const nodeMistakes = (document: Document.Parsed, lines: LineCounter): LineMistake[] => {
  const mistakes: LineMistake[] = [];
  const add = (node: unknown, message: string) => {
    const start = (node as Node | null)?.range?.[0] ?? 0;
    mistakes.push({ line: lines.linePos(start).line, message });
  };
  let aliases = 0;
  visit(document, {
    Pair(_, { key }) {
      if (key !== null && !isScalar(key))
        add(key, 'the name of a setting must be a text, not a list, a map or an alias.');
    },
    Alias(_, alias, path) {
      aliases += 1;
      if (aliases === MAX_ALIASES + 1) add(alias, `is the alias number ${aliases}, and ${MAX_ALIASES} are allowed.`);
      if (!alias.resolve(document))
        add(alias, `there is no anchor &${alias.source} before the alias *${alias.source}.`);
      const isInside = path.some((node) => !isAlias(node) && (node as { anchor?: string }).anchor === alias.source);
      if (isInside) add(alias, `the alias *${alias.source} stands inside of what it stands for.`);
    },
    Scalar(_, node) {
      if (typeof node.value === 'string' && !node.value.isWellFormed()) {
        add(node, 'the text has half of a surrogate pair, such as \\ud83d alone, which is no character.');
      }
    },
  });
  return mistakes;
};

/** A few lines of aliases can otherwise stand for gigabytes. */
const MAX_ALIASES = 20;
