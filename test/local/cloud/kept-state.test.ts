import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimKeptState, type InstalledNames } from '#local/cloud/kept-state.ts';
import { LOCAL_ACCOUNT as account } from '#local/stand-in.ts';

const NAMES: InstalledNames = {
  account,
  stackName: 'fedml-serverless-local',
  buckets: ['data'],
  eventBuses: ['bus'],
  repositories: ['models'],
};

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'kept-state-'));
});
afterEach(() => rm(stateDir, { recursive: true, force: true }));

const given = async (...folders: string[]): Promise<void> => {
  for (const folder of folders) {
    await mkdir(join(stateDir, folder));
    await writeFile(join(stateDir, folder, 'kept'), folder);
  }
};

const isKept = (folder: string): Promise<string> => readFile(join(stateDir, folder, 'kept'), 'utf8');

it('takes a new folder without a word', async () => {
  expect(await claimKeptState(stateDir, NAMES)).toBeUndefined();
  expect(await readdir(stateDir)).toEqual(['installation.json']);
});

it('keeps what an earlier start of the same names left', async () => {
  await claimKeptState(stateDir, NAMES);
  await given('s3', 'step-functions');

  expect(await claimKeptState(stateDir, NAMES)).toBeUndefined();
  expect(await isKept('s3')).toBe('s3');
});

it.each([
  ['without names, of an older version', undefined],
  ['of another bucket', JSON.stringify({ ...NAMES, buckets: ['fedml-laptop'] })],
  ['whose names can’t be read', '{'],
])('moves state aside %s, but for the warehouse and the secrets', async (_, installation) => {
  await given('s3', 'step-functions', 'hana', 'secrets');
  if (installation !== undefined) await writeFile(join(stateDir, 'installation.json'), installation);

  const aside = await claimKeptState(stateDir, NAMES);

  expect(await readdir(aside!)).toEqual(['s3', 'step-functions']);
  expect(await readFile(join(aside!, 's3', 'kept'), 'utf8')).toBe('s3');
  expect(await Promise.all([isKept('hana'), isKept('secrets')])).toEqual(['hana', 'secrets']);
  expect(await claimKeptState(stateDir, NAMES)).toBeUndefined();
});
