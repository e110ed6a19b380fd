import { type Document, isNode, type LineCounter } from 'yaml';
import { InvalidPipelineError } from '#shared/errors.ts';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { mistakesOf, type SettingMistake } from './setting-mistakes.ts';
import { readYaml } from './yaml-document.ts';
import { type LineMistake, yamlText } from './yaml-text.ts';

/** A pipeline definition is a page, not a data file; the cap keeps a hostile file from filling memory. */
const MAX_BYTES = 256 * 1024;

/** What else settings must be: to the files beside them, for instance. Asked about whatever the file holds, valid or not. */
export type FurtherCheck = (settings: unknown) => readonly SettingMistake[];

/**
 * Reads a `pipeline.yml`.
 *
 * @param file how the messages call the file, such as `pipelines/flights/pipeline.yml`.
 * @throws InvalidPipelineError with every mistake, one a line, as `file:line: path: what is wrong`.
 */
export const parseDefinition = (
  content: string | Buffer,
  file: string,
  furtherCheck: FurtherCheck = () => [],
): PipelineDefinition => {
  if (Buffer.byteLength(content) > MAX_BYTES) {
    throw new InvalidPipelineError(`${file} is larger than ${MAX_BYTES} bytes.`);
  }
  const text = typeof content === 'string' ? content : yamlText(content);
  if (typeof text !== 'string') throw invalid(file, [text]);
  const { document, lines, mistakes } = readYaml(text);
  if (mistakes.length > 0) throw invalid(file, mistakes);
  const settings = toJs(document, file);
  const parsed = PipelineDefinition.safeParse(settings, { reportInput: true });
  const wrong = [...(parsed.error?.issues.flatMap(mistakesOf) ?? []), ...furtherCheck(settings)];
  if (parsed.success && wrong.length === 0) return parsed.data;
  throw invalid(
    file,
    wrong.map(({ path, message }) => ({
      line: lineOf(document, path, lines),
      message: `${path.join('.') || 'the file'}: ${message}`,
    })),
  );
};

/** Few aliases can still stand for much. */
const toJs = (document: Document.Parsed, file: string): unknown => {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    const message = error instanceof RangeError ? 'is nested too deeply for settings.' : (error as Error).message;
    throw invalid(file, [{ line: 1, message: `the file: ${message}` }]);
  }
};

/** The line of the deepest part of `path` that the file has: a missing field is reported where its parent starts. */
const lineOf = (document: Document.Parsed, path: readonly PropertyKey[], lines: LineCounter): number => {
  for (let length = path.length; length >= 0; length -= 1) {
    const start = startOf(document, path.slice(0, length));
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
};

const startOf = (document: Document.Parsed, path: readonly PropertyKey[]): number | undefined => {
  const parent = path.length > 0 ? document.getIn(path.slice(0, -1), true) : undefined;
  const key = path.at(-1);
  const pair = hasItems(parent) ? parent.items.find((item) => isPairOf(item, key)) : undefined;
  const node = pair?.key ?? document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
};

interface Pair {
  readonly key: unknown;
}

const hasItems = (node: unknown): node is { readonly items: readonly Pair[] } =>
  Array.isArray((node as { items?: unknown } | undefined)?.items);

const isPairOf = (item: Pair, key: PropertyKey | undefined): boolean =>
  (item.key as { value?: unknown } | undefined)?.value === key && key !== undefined;

const invalid = (file: string, mistakes: readonly LineMistake[]): InvalidPipelineError => {
  const told = [...mistakes]
    .sort((a, b) => a.line - b.line)
    .map(({ line, message }) => `  ${file}:${line}: ${message}`);
  const lines = [...new Set(told)];
  const count = lines.length === 1 ? '1 mistake' : `${lines.length} mistakes`;
  return new InvalidPipelineError(`${file} has ${count}:\n${lines.join('\n')}`);
};
