// Makes a fresh clone runnable: node_modules (by npm ci) and a Python with scikit-learn and pandas.
// Runs before `npm start` and `npm test` on whatever Node the machine has (18 or later), so it is plain JavaScript
// with no dependency, and does nothing when nothing is missing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const WINDOWS = process.platform === 'win32';
const VENV_PYTHON = join(ROOT, '.venv', WINDOWS ? 'Scripts/python.exe' : 'bin/python');
const REQUIREMENTS = join(ROOT, 'local', 'sagemaker', 'python', 'requirements.txt');
const STAMP_NAME = '.fedml-setup';

installNodeModules();
installPython();

function installNodeModules() {
  const lock = join(ROOT, 'package-lock.json');
  const stamp = join(ROOT, 'node_modules', STAMP_NAME);
  if (isFresh(stamp, lock)) return;
  say('Installing npm packages (once, about a minute) …');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] })
    : spawnSync('npm', args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], shell: WINDOWS });
  if (result.status !== 0)
    fail('`npm ci` failed; its message is above. Check the network or proxy, then run the command again.');
  requireNode24();
  writeFileSync(stamp, sha256(lock));
}

/** The package `node` brings Node 24 in its install script; npm settings that forbid scripts leave it out. */
function requireNode24() {
  const node = join(ROOT, 'node_modules', '.bin', WINDOWS ? 'node.cmd' : 'node');
  const version = spawnSync(node, ['--version'], { encoding: 'utf8', shell: WINDOWS }).stdout?.trim() ?? 'none';
  if (!version.startsWith('v24.')) {
    fail(
      `Node 24 was not installed into node_modules (found: ${version || 'none'}). Allow install scripts ` +
        '(`npm config get ignore-scripts` must say false), then run `npm rebuild node`.',
    );
  }
}

function installPython() {
  const stamp = join(ROOT, '.venv', STAMP_NAME);
  if (existsSync(VENV_PYTHON) && isFresh(stamp, REQUIREMENTS)) return;
  const system = ['python3', 'python'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (!system)
    fail(
      'Python 3.9 or later is needed to train the example models, and none was found. Install Python 3, then run the command again.',
    );
  if (createVenv(system)) {
    writeFileSync(stamp, sha256(REQUIREMENTS));
    return;
  }
  if (imports(system)) {
    say(`Using the system's ${system}: it has scikit-learn and pandas.`);
    return;
  }
  fail(
    `A virtual environment could not be made, and the system's ${system} lacks scikit-learn or pandas. ` +
      `Install them with \`${system} -m pip install -r local/sagemaker/python/requirements.txt\` ` +
      '(on Debian and Ubuntu: `apt-get install python3-venv`), then run the command again.',
  );
}

function createVenv(system) {
  say('Installing Python packages into .venv (once, about half a minute) …');
  rmSync(join(ROOT, '.venv'), { recursive: true, force: true });
  const venv = spawnSync(system, ['-m', 'venv', join(ROOT, '.venv')], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (venv.status !== 0) return false;
  const pip = spawnSync(
    VENV_PYTHON,
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  if (pip.status === 0) return true;
  rmSync(join(ROOT, '.venv'), { recursive: true, force: true });
  return false;
}

function imports(python) {
  return spawnSync(python, ['-c', 'import sklearn, pandas'], { stdio: 'ignore' }).status === 0;
}

function isFresh(stamp, source) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sha256(source);
}

function sha256(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  process.stderr.write(`\nSet-up failed: ${text}\n`);
  process.exit(1);
}
