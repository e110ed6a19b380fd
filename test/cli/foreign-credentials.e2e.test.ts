import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ROOT_DIR } from '#test/e2e/test-cloud.ts';
import { startFedml } from './fedml-process.ts';

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'fedml-credentials-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(stateDir, { recursive: true, force: true });
});

it('signs by the local cloud’s keys in a shell that has a profile and a session of AWS', async () => {
  vi.stubEnv('AWS_PROFILE', 'production');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'ASIAIOSFODNN7EXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'of a session');
  vi.stubEnv('AWS_SESSION_TOKEN', 'of a session');

  const fedml = startFedml(['runs'], { stateDir, pipelinesDir: join(ROOT_DIR, 'test', 'pipelines') });

  expect([await fedml.exitCode, fedml.output()]).toEqual([0, expect.stringMatching(/no runs|No run/i)]);
});
