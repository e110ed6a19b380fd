import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import {
  folderIn,
  isPlaceless,
  PLACES,
  type Place,
  parseRunUri,
  runFolderIn,
  uriPattern,
} from '#shared/store/layout.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const RUN_URI = 's3://store/fedml/runs/flights/run-1/';

describe('the map of the bucket', () => {
  it('leads from a run to its folders in other places', () => {
    expect(runFolderIn(RUN_URI, 'predictions')).toBe('s3://store/fedml/predictions/flights/run-1/');
    expect(folderIn('s3://store', 'queued-runs')).toBe('s3://store/queued-runs/');
    expect(parseRunUri('s3://store/runs/runs/runs/')).toEqual({
      storeUri: 's3://store',
      pipeline: 'runs',
      runId: 'runs',
    });
  });

  it.each(['s3://store/runs/flights/', 's3://store/runs/flights/run-1', 's3://store/models/flights/run-1/'])(
    'takes %s for no folder of a run',
    (uri) => expect(() => parseRunUri(uri)).toThrow(TypeError),
  );

  it.each<[string, Place | undefined]>([
    ['s3://store/predictions/flights/run-1/', 'predictions'],
    ['s3://store/a/prefix/predictions/flights/run-1/part-0.csv', 'predictions'],
    ['s3://store/runs/flights/predictions/write.json', 'runs'],
    ['s3://store/runs/predictions/run-1/run.json', 'runs'],
    ['s3://predictions/elsewhere/part-0.csv', undefined],
    ['s3://store/predictions', undefined],
    ['s3://store/my-predictions/part-0.csv', undefined],
  ])('finds %s in %s', (uri, place) => {
    const found = (Object.keys(PLACES) as Place[]).filter((each) => uriPattern(each).test(uri));

    expect(found).toEqual(place ? [place] : []);
  });
});

it('lets no store lie in a folder that names a place', () => {
  expect(['s3://store', 's3://models', 's3://store/fedml/dev'].map(isPlaceless)).toEqual([true, true, true]);
  expect(['s3://store/models', 's3://store/a/runs/b'].map(isPlaceless)).toEqual([false, false]);
});

it('is the only module of the product that spells a prefix', () => {
  const prefix = new RegExp(`(^|/)(${Object.keys(PLACES).join('|')})/`);
  const files = globSync('{shared,functions}/**/*.ts', { cwd: ROOT }).filter(
    (file) => file !== 'shared/store/layout.ts',
  );

  const spelled = files.flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true);
    return keysIn(source, prefix).map((text) => `${file}: ${text}`);
  });

  expect(files.length).toBeGreaterThan(250);
  expect(spelled).toEqual([]);
});

/** The facts of a run, whose keys begin below its folder. */
const OF_RUNS = /^predictions\/[\w-]+\.json$/;

const keysIn = (source: ts.SourceFile, prefix: RegExp): string[] => {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    const isText = ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node);
    if (isText && prefix.test(node.text) && !isProse(node.text) && !OF_RUNS.test(node.text)) found.push(node.text);
    if (ts.isTemplateExpression(node)) {
      for (const { literal, expression } of node.templateSpans) {
        const isOfRun = /runUri$/i.test(expression.getText());
        if (prefix.test(literal.text) && !isProse(literal.text) && !isOfRun) found.push(node.getText());
      }
      if (prefix.test(node.head.text) && !isProse(node.head.text)) found.push(node.getText());
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

/** Messages have spaces; keys don't. Routes of the HTTP API begin with a slash. */
const isProse = (text: string): boolean => /\s/.test(text) || /^\/(runs|pipelines)\b/.test(text);
