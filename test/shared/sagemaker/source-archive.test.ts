import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { expect, it } from 'vitest';
import { sourceArchive } from '#shared/sagemaker/source-archive.ts';

const files = [
  { path: 'features/dates.py', content: Buffer.from('x = 1\n') },
  { path: 'run.sh', content: Buffer.from('#!/bin/sh\n') },
];

it('has the files at its root, scripts executable', async () => {
  const members = extract();
  Readable.from([gunzipSync(await sourceArchive(files))]).pipe(members);

  const found: Record<string, number | undefined> = {};
  for await (const member of members) {
    found[member.header.name] = member.header.mode;
    member.resume();
  }

  expect(found).toEqual({ 'features/dates.py': 0o644, 'run.sh': 0o755 });
});

it('is the same bytes for the same files', async () => {
  expect(await sourceArchive(files)).toEqual(await sourceArchive(files));
});

it('takes files of any length', async () => {
  const large = Buffer.alloc(3 * 1024 * 1024, 'x');

  const archive = gunzipSync(await sourceArchive([{ path: 'train.py', content: large }]));

  expect(archive.includes(large)).toBe(true);
});
