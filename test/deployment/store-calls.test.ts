import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { commandFinder } from '../../scripts/deployment/used-commands.ts';

/** A project with a map of its bucket, a store, and a function whose step is the case. */
const FILES = {
  'tsconfig.json':
    '{ "compilerOptions": { "module": "nodenext", "moduleResolution": "nodenext", "target": "es2024", "strict": true, "allowImportingTsExtensions": true, "noEmit": true } }',
  'package.json': '{ "type": "module" }',
  'shared/layout.ts': `
    export type UriIn<_ extends string> = string;
    export const folderIn = (storeUri: string, place: string): string => storeUri + '/' + place + '/';
    export const runFolderIn = (runUri: string, place: string): string => runUri.replace('/runs/', place);`,
  'shared/schema.ts': `
    interface Schema { regex(pattern: RegExp): string }
    const string: Schema = { regex: () => '' };
    const RUN_URI = /runs/;
    export const uriIn = (_: string): string => string.regex(/./);
    export const RunUri = string.regex(RUN_URI);`,
  'shared/store.ts': `
    export interface ObjectStore {
      getText(uri: string): Promise<{ readonly text: string }>;
      put(uri: string, body: string): Promise<void>;
      putStream(uri: string, body: string, options?: { readonly isKept?: boolean }): Promise<void>;
      list(prefixUri: string): AsyncIterable<{ readonly uri: string }>;
      delete(uri: string): Promise<void>;
    }`,
  'shared/write.ts': `
    import { folderIn } from './layout.ts';
    import type { ObjectStore } from './store.ts';
    export const write = (store: ObjectStore, uri: string) => store.put(uri, '');
    export const unused = (store: ObjectStore) => write(store, folderIn('', 'runs'));`,
};

let rootDir: string | undefined;

afterEach(async () => {
  if (rootDir) await rm(rootDir, { recursive: true });
  rootDir = undefined;
});

const callsOf = async (step: string): Promise<string[]> => {
  rootDir = await mkdtemp(join(tmpdir(), 'store-calls-'));
  const handler = `
    import { folderIn, runFolderIn, type UriIn } from '../../../shared/layout.ts';
    import { RunUri, uriIn } from '../../../shared/schema.ts';
    import type { ObjectStore } from '../../../shared/store.ts';
    import { write } from '../../../shared/write.ts';
    declare const store: ObjectStore;
    declare const storeUri: string;
    ${step}`;
  for (const [path, text] of Object.entries({ ...FILES, 'functions/a/step/handler.ts': handler })) {
    await mkdir(dirname(join(rootDir, path)), { recursive: true });
    await writeFile(join(rootDir, path), text);
  }
  return commandFinder(rootDir).storeCallsOf('functions/a/step/handler.ts');
};

it.each([
  [
    'a folder of the layout, by way of functions, templates and conditions',
    `const uriOf = (name: string) => \`\${folderIn(storeUri, 'models')}\${name}\`;
     const either = (name: string) => { if (name) return uriOf(name); return name ? folderIn(storeUri, 'tasks') : runFolderIn(name, 'staged').slice(1); };
     export const handler = (name: string) => store.put(either(name), '');`,
    ['put models', 'put staged', 'put tasks'],
  ],
  [
    'what the calls of a function hand over, and not those that nothing reaches',
    `const twice = ({ uri }: { uri: string }) => write(store, uri);
     export const handler = () => [write(store, folderIn(storeUri, 'tasks')), twice({ uri: folderIn(storeUri, 'models') })];`,
    ['put models', 'put tasks'],
  ],
  [
    'a field that a schema checks, or a type describes',
    `const Input = { runUri: RunUri, modelUri: uriIn('training-output') };
     interface Kept { readonly uri: UriIn<'tasks'> }
     const step = ({ runUri, modelUri }: typeof Input, kept: Kept) =>
       [store.getText(\`\${runUri}run.json\`), store.getText(modelUri), store.delete(kept.uri)];
     export const handler = (input: typeof Input, kept: Kept) => step(input, kept);`,
    ['delete tasks', 'getText runs', 'getText training-output'],
  ],
  [
    'what is listed, and deleted then',
    `export const handler = async () => { for await (const { uri } of store.list(folderIn(storeUri, 'staged'))) await store.delete(uri); };`,
    ['delete staged', 'list staged'],
  ],
  [
    'streams, which are tagged unless they are kept',
    `export const handler = () => [
       store.putStream(folderIn(storeUri, 'staged'), ''), store.putStream(folderIn(storeUri, 'source'), '', { isKept: true })];`,
    ['putStream source', 'putStream staged', 'tag staged'],
  ],
])('traces %s', async (_, step, calls) => {
  await expect(callsOf(step)).resolves.toEqual(calls);
});

it.each([
  ['is spelled by hand', 'export const handler = () => store.put(`${storeUri}/secret/`, "");', 'storeUri'],
  ['comes from outside', 'export const handler = (event: { uri: string }) => store.put(event.uri, "");', 'event.uri'],
  [
    'is in a place that is computed',
    'export const handler = (p: string) => store.put(folderIn(storeUri, p), "");',
    "storeUri + '/' + place + '/'",
  ],
])('refuses a URI that %s', async (_, step, text) => {
  await expect(callsOf(step)).rejects.toThrow(`: nothing tells where ${text} lies in the bucket.`);
});
