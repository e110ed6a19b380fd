import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startKubernetes } from '#local/kubernetes/start-kubernetes.ts';

it('clears away what a cluster that was killed was unpacking and running', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'kubernetes-'));
  for (const folder of ['images/unpacking-a1b2c3', 'pods/5f0c']) {
    await mkdir(join(dataDir, 'node', folder), { recursive: true });
    await writeFile(join(dataDir, 'node', folder, 'half-a-model'), 'x');
  }

  const kubernetes = await startKubernetes({ dataDir, python: 'python3' });
  const left = await readdir(dataDir);
  await kubernetes.close();
  await rm(dataDir, { recursive: true });

  expect(left).toContain('objects');
  expect(left).not.toContain('node');
});
