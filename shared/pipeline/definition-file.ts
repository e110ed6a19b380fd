import { isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { InvalidPipelineError } from '#shared/errors.ts';
import { didYouMean } from '#shared/nearest-names.ts';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { knownSettings } from './known-settings.ts';

/** A pipeline definition is a page, not a data file; the cap keeps a hostile file from filling memory. */
const MAX_BYTES = 256 * 1024;

/**
 * Reads the text of a `pipeline.yml`.
 *
 * @param file how the messages call the file, such as `pipelines/flights/pipeline.yml`.
 * @throws InvalidPipelineError with every mistake, one a line, as `file:line: path: what is wrong`.
 */
export const parseDefinition = (text: string, file: string): PipelineDefinition => {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new InvalidPipelineError(`${file} is larger than ${MAX_BYTES} bytes.`);
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, uniqueKeys: true, merge: false });
  if (document.errors.length > 0) {
    // What follows on the line of a mistake is its consequence.
    const byLine = Map.groupBy(document.errors, ({ pos }) => lineCounter.linePos(pos[0]).line);
    throw invalid(
      file,
      [...byLine].map(([line, [first]]) => ({ line, message: first!.message.split('\n')[0]! })),
    );
  }
  const parsed = PipelineDefinition.safeParse(toJs(document, file), { reportInput: true });
  if (parsed.success) return parsed.data;
  throw invalid(
    file,
    parsed.error.issues.flatMap(problems).map(({ path, message }) => ({
      line: lineOf(document, path, lineCounter),
      message: `${path.join('.') || 'the file'}: ${message}`,
    })),
  );
};

/** Aliases are expanded up to a small count: a few lines of them can otherwise stand for gigabytes. */
const toJs = (document: ReturnType<typeof parseDocument>, file: string): unknown => {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    throw invalid(file, [{ line: 1, message: `the file: ${(error as Error).message}` }]);
  }
};

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Zod reports all unknown keys of an object as one issue; each gets a line of its own. */
const problems = (issue: z.core.$ZodIssue): Problem[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({
        path: [...issue.path, key],
        message: unknownSetting(key, issue.path),
      }))
    : [{ path: issue.path, message: isMissing(issue) ? 'is missing' : issue.message }];

/** A setting can be of another alternative, such as `instances` of a deployment whose target is none. */
const unknownSetting = (key: string, path: readonly PropertyKey[]): string => {
  const known = knownSettings(path);
  if (known.includes(key)) return `belongs to another kind of ${path.join('.')} than the one that is chosen.`;
  return `is not a setting that pipelines have.${didYouMean(key, known)}`;
};

const isMissing = (issue: z.core.$ZodIssue): boolean => issue.code === 'invalid_type' && issue.input === undefined;

/** The line of the deepest part of `path` that the file has: a missing field is reported where its parent starts. */
const lineOf = (
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  lines: LineCounter,
): number => {
  for (let length = path.length; length >= 0; length -= 1) {
    const start = startOf(document, path.slice(0, length));
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
};

const startOf = (document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number | undefined => {
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

const invalid = (file: string, mistakes: readonly { line: number; message: string }[]): InvalidPipelineError => {
  const lines = [...mistakes]
    .sort((a, b) => a.line - b.line)
    .map(({ line, message }) => `  ${file}:${line}: ${message}`);
  const count = lines.length === 1 ? '1 mistake' : `${lines.length} mistakes`;
  return new InvalidPipelineError(`${file} has ${count}:\n${lines.join('\n')}`);
};
