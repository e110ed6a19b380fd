import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SETUP = join(import.meta.dirname, '..', '..', 'scripts', 'setup.mjs');

describe.skipIf(process.platform === 'win32')('the set-up of a fresh clone', () => {
  let root: string;
  let bin: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'fedml-setup-'));
    bin = join(root, 'bin');
    for (const folder of ['scripts', 'bin', 'local/sagemaker/python'])
      mkdirSync(join(root, folder), { recursive: true });
    cpSync(SETUP, join(root, 'scripts', 'setup.mjs'));
    writeFileSync(join(root, 'package-lock.json'), '{}');
    writeFileSync(join(root, 'local/sagemaker/python/requirements.txt'), 'pandas>=2.0\n');
    npmThat(`
      mkdirSync(root + '/node_modules/node/bin', { recursive: true });
      writeFileSync(root + '/node_modules/node/bin/node', '#!/bin/sh\\necho v24.1.0\\n', { mode: 0o755 });`);
    pythonThat({});
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const script = (path: string, text: string): void => {
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  };

  /** An npm-cli.js that notes its calls and runs `program`. */
  const npmThat = (program: string): void =>
    writeFileSync(
      join(bin, 'npm-cli.js'),
      `const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
       const root = ${JSON.stringify(root)};
       appendFileSync(root + '/calls', 'npm ' + process.argv[2] + '\\n');
       ${program}`,
    );

  /** A python3 that notes its calls; shell commands say what venv and pip do, and whether it has the packages itself. */
  const pythonThat = ({ venv = 'true', pip = 'true', hasPackages = 'false' }): void => {
    const behaviour = (installed: string): string => `#!/bin/sh
case "$*" in
  *version_info*) exit 0 ;;
  *metadata*) ${installed} ;;
  *"-m venv"*) echo venv >> '${root}/calls'; ${venv} && mkdir -p "$3/bin" && cp '${bin}/venv-python' "$3/bin/python" ;;
  *"-m pip"*) echo pip >> '${root}/calls'; ${pip} ;;
esac
`;
    script(join(bin, 'python3'), behaviour(hasPackages));
    script(join(bin, 'venv-python'), behaviour('true'));
  };

  const environment = () => ({
    PATH: [bin, '/usr/bin', '/bin'].join(delimiter),
    npm_execpath: join(bin, 'npm-cli.js'),
  });
  const setUp = () => {
    const args = [join(root, 'scripts', 'setup.mjs')];
    const { status, stderr } = spawnSync(process.execPath, args, { env: environment(), encoding: 'utf8' });
    return { status, stderr };
  };
  const calls = (): string[] =>
    existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : [];

  it('installs npm packages and a Python environment once, says so, and is silent from then on', () => {
    const first = setUp();
    const second = setUp();

    expect(first).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/npm packages[\s\S]*Python packages into \.venv/),
    });
    expect(second).toEqual({ status: 0, stderr: '' });
    expect(calls()).toEqual(['npm ci', 'venv', 'pip']);
  });

  it('installs again what has changed', () => {
    setUp();
    writeFileSync(join(root, 'package-lock.json'), '{"changed":true}');
    writeFileSync(join(root, 'local/sagemaker/python/requirements.txt'), 'pandas>=2.1\n');
    setUp();

    expect(calls()).toEqual(['npm ci', 'venv', 'pip', 'npm ci', 'venv', 'pip']);
  });

  it('begins again after it was killed in the middle of an installation', async () => {
    pythonThat({ pip: 'exec sleep 60' });
    const killed = spawn(process.execPath, [join(root, 'scripts', 'setup.mjs')], {
      env: environment(),
      stdio: 'ignore',
      detached: true,
    });
    while (!calls().includes('pip')) await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill(-killed.pid!, 'SIGKILL');
    pythonThat({});

    expect(setUp().status).toBe(0);
    expect(calls()).toEqual(['npm ci', 'venv', 'pip', 'venv', 'pip']);
  });

  it('uses a system Python that has everything, without making a copy of it', () => {
    pythonThat({ hasPackages: 'true', venv: 'false' });

    expect(setUp().status).toBe(0);
    expect(setUp()).toEqual({ status: 0, stderr: '' });
    expect(calls()).toEqual(['npm ci']);
  });

  it('leaves packages alone that another folder lends by a link, and says what to do', () => {
    mkdirSync(join(root, 'lender'));
    symlinkSync(join(root, 'lender'), join(root, 'node_modules'));

    const { status, stderr } = setUp();

    expect(status).toBe(1);
    expect(stderr).toContain(join(root, 'lender'));
    expect(calls()).toEqual([]);
  });

  it.each([
    ['npm ci fails', () => npmThat('process.exit(1)'), /`npm ci` failed[\s\S]*proxy/],
    [
      'npm leaves out install scripts',
      () => npmThat("mkdirSync(root + '/node_modules')"),
      /Node 24 was not installed[\s\S]*ignore-scripts[\s\S]*npm rebuild node/,
    ],
    ['there is no Python', () => script(join(bin, 'python3'), '#!/bin/sh\nexit 1\n'), /Python 3\.9 or later is needed/],
    [
      'Python has no venv',
      () => pythonThat({ venv: '{ echo ensurepip is not available; false; }' }),
      /ensurepip[\s\S]*python3-venv/,
    ],
    [
      'pip has no network',
      () => pythonThat({ pip: '{ echo no route to host; false; }' }),
      /no route to host[\s\S]*PIP_INDEX_URL/,
    ],
  ])('says what to do when %s, and leaves no half-made environment', (_, spoil, message) => {
    spoil();
    if (String(message).includes('3\\.9')) script(join(bin, 'python'), '#!/bin/sh\nexit 1\n');

    const { status, stderr } = setUp();

    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/run the command again|and the command again/);
    expect(existsSync(join(root, '.venv'))).toBe(false);
  });
});
