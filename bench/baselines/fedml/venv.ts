import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The Python that has the real `fedml-aws` and `hdbcli`: a virtual environment of its own, made the first time it is needed. */
export const fedmlPython = async (rootDir: string): Promise<string> => {
  const folder = join(rootDir, '.fedml/bench/venv');
  const python = join(folder, 'bin/python');
  const requirementsFile = join(import.meta.dirname, 'requirements.txt');
  const requirements = await readFile(requirementsFile, 'utf8');
  const marker = join(folder, 'requirements.txt');
  if ((await readFile(marker, 'utf8').catch(() => '')) === requirements) return python;
  console.log(`Installing fedml-aws and hdbcli into ${folder} …`);
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirementsFile]);
  await writeFile(marker, requirements);
  return python;
};
