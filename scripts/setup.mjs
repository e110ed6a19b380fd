// Makes a fresh clone runnable: node_modules (by npm ci) and a Python with scikit-learn and pandas.
// Runs before `npm start`, `npm test` and `npx fedml` on whatever Node the machine has (18 or later), so it is plain
// JavaScript with no dependency, and does nothing when nothing is missing. What an interrupted run left half-made is made anew:
// a stamp is written last.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const WINDOWS = process.platform === 'win32';
const VENV = join(ROOT, '.venv');
const VENV_PYTHON = join(VENV, WINDOWS ? 'Scripts/python.exe' : 'bin/python');
const REQUIREMENTS = join(ROOT, 'local', 'sagemaker', 'python', 'requirements.txt');
const STAMP_NAME = '.fedml-setup';
const AGAIN = 'then run the command again.';
const PACKAGES_PROGRAM = `
import re, sys
from importlib import metadata
numbers = lambda text: [int(number) for number in re.findall(r"\\d+", text)[:2]]
for line in open(sys.argv[1]):
    name, least = line.strip().split(">=")
    assert numbers(metadata.version(name)) >= numbers(least), name
`;

requireNode18();
installNodeModules();
installPython();

function requireNode18() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 18) fail(`Node ${process.versions.node} is too old. Install Node 18 or later, ${AGAIN}`);
}

function installNodeModules() {
  const lock = join(ROOT, 'package-lock.json');
  const stamp = join(ROOT, 'node_modules', STAMP_NAME);
  if (isFresh(stamp, sha256(lock))) return;
  refuseLentModules();
  say('Installing npm packages (once, about a minute) …');
  // npm ci removes node_modules first, and with it what an interrupted one has left.
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] };
  // npm and npx say where they are; npx's script stands beside npm's.
  const npm = /^(.*)np[mx]-cli\.js$/.exec(process.env.npm_execpath ?? '');
  const result = npm
    ? spawnSync(process.execPath, [`${npm[1]}npm-cli.js`, ...args], options)
    : spawnSync('npm', args, { ...options, shell: WINDOWS });
  if (result.error?.code === 'ENOENT') fail(`npm was not found. It comes with Node: install it, ${AGAIN}`);
  if (result.status !== 0) {
    fail(
      `\`npm ci\` failed; its message is above. Without a network, or behind a proxy, set npm's proxy or registry, ${AGAIN}`,
    );
  }
  requireNode24();
  writeFileSync(stamp, sha256(lock));
}

/** npm ci empties node_modules even where it is a link, and so the folder that others use. */
function refuseLentModules() {
  const modules = join(ROOT, 'node_modules');
  if (!lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const lender = existsSync(modules) ? realpathSync(modules) : 'a folder that is gone';
  fail(
    `node_modules is a link to ${lender}, which has other packages than package-lock.json. Installing would empty that ` +
      `folder for whoever else uses it: remove the link, or install there, ${AGAIN}`,
  );
}

/** The package `node` brings Node 24 in its install script; npm settings that forbid scripts leave it out. */
function requireNode24() {
  const node = join(ROOT, 'node_modules', 'node', 'bin', WINDOWS ? 'node.exe' : 'node');
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim();
  if (version?.startsWith('v24.')) return;
  fail(
    `Node 24 was not installed into node_modules (found: ${version || 'none'}). It comes by an install script: ` +
      '`npm config get ignore-scripts` must say false. Then run `npm rebuild node`, and the command again.',
  );
}

function installPython() {
  const stamp = join(VENV, STAMP_NAME);
  // An environment whose Python was removed or upgraded doesn't start any more.
  if (isFresh(stamp, sha256(REQUIREMENTS)) && hasPackages(VENV_PYTHON)) return;
  const system = ['python3', 'python'].find(isPython3);
  if (!system) fail(`Python 3.9 or later is needed to train models, and none was found. Install it, ${AGAIN}`);
  // A Python that has everything needs no second copy of it.
  if (!existsSync(VENV) && hasPackages(system)) return;
  const problem = createVenv(system);
  if (!problem) {
    writeFileSync(stamp, sha256(REQUIREMENTS));
    return;
  }
  rmSync(VENV, { recursive: true, force: true });
  if (hasPackages(system)) say(`Using the system's ${system} instead, which has the packages. ${problem.what}`);
  else fail(`${problem.what}\n${problem.remedy}, ${AGAIN}`);
}

/** Returns what went wrong, or nothing. */
function createVenv(system) {
  say('Installing Python packages into .venv (once, about half a minute) …');
  rmSync(VENV, { recursive: true, force: true });
  const venv = spawnSync(system, ['-m', 'venv', VENV], { encoding: 'utf8' });
  if (venv.status !== 0) {
    return {
      what: `The system's ${system} can't make a virtual environment: ${lastLines(venv)}`,
      remedy: `Install its venv module (on Debian and Ubuntu: \`apt-get install python3-venv\`), or scikit-learn and pandas for ${system} itself`,
    };
  }
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS];
  const pip = spawnSync(VENV_PYTHON, args, { encoding: 'utf8' });
  if (pip.status === 0) return undefined;
  return {
    what: `pip could not install ${REQUIREMENTS}: ${lastLines(pip)}`,
    remedy: "Without a network, or behind a proxy, set pip's proxy or index (PIP_INDEX_URL)",
  };
}

function lastLines({ stdout = '', stderr = '', error }) {
  return error?.message ?? `${stdout}\n${stderr}`.trim().split('\n').slice(-3).join('\n');
}

function isPython3(name) {
  return spawnSync(name, ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'], { stdio: 'ignore' }).status === 0;
}

/** Reads the packages' metadata instead of importing them, which takes seconds. */
function hasPackages(python) {
  return spawnSync(python, ['-c', PACKAGES_PROGRAM, REQUIREMENTS], { stdio: 'ignore' }).status === 0;
}

function isFresh(stamp, expected) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === expected;
}

function sha256(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  process.stderr.write(`\nSet-up failed. ${text}\n`);
  process.exit(1);
}
