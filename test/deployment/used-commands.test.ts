import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CommandFinder, commandFinder } from '../../scripts/deployment/used-commands.ts';

/** A project of one adapter, whose two functions use some of it. */
const FILES = {
  'tsconfig.json':
    '{ "compilerOptions": { "module": "nodenext", "moduleResolution": "nodenext", "target": "es2024", "strict": true, "allowImportingTsExtensions": true, "noEmit": true } }',
  'package.json': '{ "type": "module" }',
  'node_modules/@aws-sdk/client-s3/package.json': '{ "name": "@aws-sdk/client-s3", "types": "index.d.ts" }',
  'node_modules/@aws-sdk/client-s3/index.d.ts': `
    export declare class GetObjectCommand {} export declare class PutObjectCommand {} export declare class DeleteObjectCommand {}
    export declare class HeadObjectCommand {}
    export declare const paginateListObjectsV2: (options: object) => string[];
    export declare class S3Client { send(command: object): Promise<string>; }`,
  'shared/store.ts': `
    export interface Store { get(): Promise<string>; put(): Promise<string>; remove(): Promise<string>; list(): string[]; head(): Promise<string> }`,
  'shared/s3.ts': `
    import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
    import type { Store } from './store.ts';
    const head = () => new S3Client().send(new HeadObjectCommand());
    export const s3Store = (client = new S3Client()): Store => ({
      get: () => fetchOne(client),
      async put() { return client.send(new PutObjectCommand()); },
      remove: () => client.send(new DeleteObjectCommand()),
      list() { return paginateListObjectsV2({}); },
      head,
    });
    const fetchOne = (client: S3Client) => client.send(new GetObjectCommand());`,
  'shared/copy.ts': `
    import type { Store } from './store.ts';
    export const copy = ({ from, to: { put } }: { from: Pick<Store, 'get'>; to: Store }) => Promise.all([from.get(), put()]);
    export const clear = (store: Store) => store.remove();`,
  'functions/a/copy/handler.ts': `
    import { copy } from '../../../shared/copy.ts';
    import { s3Store } from '../../../shared/s3.ts';
    const ports = { store: s3Store() };
    export const handler = () => copy({ from: ports.store, to: ports.store });`,
  'functions/a/narrow/handler.ts': `
    import { s3Store } from '../../../shared/s3.ts';
    const clear = (ports: { store: { remove(): Promise<string> } }) => ports.store.remove();
    export const handler = () => clear({ store: s3Store() });`,
  'functions/a/look/handler.ts': `
    import { s3Store } from '../../../shared/s3.ts';
    const steps = { look: s3Store().head };
    export const handler = () => { const { list } = s3Store(); return [list(), steps.look()]; };`,
};

let rootDir: string;
let finder: CommandFinder;

beforeAll(async () => {
  rootDir = await mkdtemp(join(tmpdir(), 'used-commands-'));
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(rootDir, path)), { recursive: true });
    await writeFile(join(rootDir, path), text);
  }
  finder = commandFinder(rootDir);
});

afterAll(() => rm(rootDir, { recursive: true }));

it('finds the commands behind the members of a port that a function calls, and not the others', () => {
  expect(finder.commandsOf('functions/a/copy/handler.ts')).toEqual([
    '@aws-sdk/client-s3 GetObjectCommand',
    '@aws-sdk/client-s3 PutObjectCommand',
  ]);
});

it('follows members that are taken apart or passed on', () => {
  expect(finder.commandsOf('functions/a/look/handler.ts')).toEqual([
    '@aws-sdk/client-s3 HeadObjectCommand',
    '@aws-sdk/client-s3 paginateListObjectsV2',
  ]);
});

it('follows a port that a step describes by a type of its own', () => {
  expect(finder.commandsOf('functions/a/narrow/handler.ts')).toEqual(['@aws-sdk/client-s3 DeleteObjectCommand']);
});
