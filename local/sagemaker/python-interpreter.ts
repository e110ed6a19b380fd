import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** What training scripts need of the laptop's Python, by the names that pip knows. */
export const PYTHON_PACKAGES = ['scikit-learn', 'pandas', 'numpy'] as const;

export type PackageVersions = Readonly<Partial<Record<(typeof PYTHON_PACKAGES)[number], string>>>;

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
export const pythonInterpreter = async (root: string): Promise<string> => {
  const environment = join(resolve(root), '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const candidates = [...(existsSync(environment) ? [environment] : []), 'python3', 'python'];
  const lacks: string[] = [];
  for (const python of candidates) {
    const missing = missingPackages(await packageVersions(python));
    if (missing?.length === 0) return python;
    lacks.push(`${python} ${missing ? `lacks ${missing.join(', ')}` : 'does not start'}`);
  }
  throw new PythonNotFoundError(
    `No Python with ${PYTHON_PACKAGES.join(', ')} was found (${lacks.join('; ')}). Run \`npm run setup\`, or install them with ` +
      '`python3 -m pip install -r local/sagemaker/python/requirements.txt`.',
  );
};

/** The versions of the packages that a Python has, by pip's names; undefined when that Python does not start. */
export const packageVersions = async (python: string): Promise<PackageVersions | undefined> => {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', VERSIONS_PROGRAM, ...PYTHON_PACKAGES]);
    return JSON.parse(stdout) as PackageVersions;
  } catch {
    return undefined;
  }
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

const missingPackages = (versions: PackageVersions | undefined): string[] | undefined =>
  versions && PYTHON_PACKAGES.filter((name) => !versions[name]);
