// Installs what the tests of the project `judges` ask: cfn-lint from PyPI, and AWS's own language service for state machines.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { env, exit, platform } from 'node:process';

const here = import.meta.dirname;
const venv = join(here, '.venv');
const python = join(venv, ...(platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));

const run = (command, ...args) => {
  const { status, error } = spawnSync(command, args, {
    cwd: here,
    stdio: 'inherit',
    shell: platform === 'win32',
    timeout: 300_000,
  });
  if (status === 0) return;
  console.error(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}.`);
  exit(1);
};

run('npm', 'ci', '--no-audit', '--no-fund');
run(env.PYTHON ?? 'python3', '-m', 'venv', venv);
run(python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', join(here, 'requirements.txt'));
