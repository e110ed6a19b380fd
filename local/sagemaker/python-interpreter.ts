import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What training scripts need of the laptop's Python, by the names that pip knows. */
export const PYTHON_PACKAGES = ['scikit-learn', 'pandas', 'numpy'] as const;

/** No Python with scikit-learn and pandas was found; the message says how to get one. */
export class PythonNotFoundError extends Error {
  override readonly name = 'PythonNotFoundError';
}

/**
 * The Python that runs users' scripts: the project's `.venv`, else the system's if it has the packages.
 *
 * @param root The project's folder, where `npm run setup` makes `.venv`.
 * @throws PythonNotFoundError when neither has scikit-learn, pandas and numpy.
 */
export const pythonInterpreter = (root: string): string => {
  const environment = join(root, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const candidates = [...(existsSync(environment) ? [environment] : []), 'python3', 'python'];
  const found = candidates.find((python) => missingPackages(python)?.length === 0);
  if (found) return found;
  const described = candidates.map((python) => `${python} ${describeLack(missingPackages(python))}`).join('; ');
  throw new PythonNotFoundError(
    `No Python with ${PYTHON_PACKAGES.join(', ')} was found (${described}). Run \`npm run setup\`, or install them with ` +
      '`python3 -m pip install -r local/sagemaker/python/requirements.txt`.',
  );
};

/** The versions of the packages that a Python has, by pip's names; undefined when that Python does not start. */
export const packageVersions = (python: string): Readonly<Record<string, string>> | undefined => {
  const { status, stdout } = spawnSync(python, ['-c', VERSIONS_PROGRAM, ...PYTHON_PACKAGES], { encoding: 'utf8' });
  return status === 0 ? (JSON.parse(stdout) as Record<string, string>) : undefined;
};

/** Reads the packages' metadata instead of importing them, which takes seconds. */
const VERSIONS_PROGRAM = `
import json, sys
from importlib import metadata
versions = {}
for name in sys.argv[1:]:
    try:
        versions[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print(json.dumps(versions))
`;

const missingPackages = (python: string): string[] | undefined => {
  const versions = packageVersions(python);
  return versions && PYTHON_PACKAGES.filter((name) => !versions[name]);
};

const describeLack = (missing: string[] | undefined): string =>
  missing === undefined ? 'does not start' : `lacks ${missing.join(', ')}`;
