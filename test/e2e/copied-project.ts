import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT_DIR } from './test-cloud.ts';

const COPIED = ['package.json', 'serverless.yml', 'cli', 'functions', 'local', 'resources', 'shared', 'statemachines'];
const LINKED = ['node_modules', '.venv', 'test'];

export interface CopiedProject {
  readonly rootDir: string;
  /** Replaces the first match in a file, which must have one. */
  replace(file: string, text: RegExp, replacement: string): Promise<void>;
  remove(): Promise<void>;
}

/** The whole project in a folder of its own, to plant a mistake where a developer would make it. */
export const copyProject = async (): Promise<CopiedProject> => {
  const rootDir = await mkdtemp(join(tmpdir(), 'fedml-copy-'));
  for (const part of COPIED) await cp(join(ROOT_DIR, part), join(rootDir, part), { recursive: true });
  for (const part of LINKED) await symlink(join(ROOT_DIR, part), join(rootDir, part));
  return {
    rootDir,
    async replace(file, text, replacement) {
      const content = await readFile(join(rootDir, file), 'utf8');
      if (!text.test(content)) throw new Error(`${file} has no ${text}.`);
      await writeFile(join(rootDir, file), content.replace(text, replacement));
    },
    remove: () => rm(rootDir, { recursive: true, force: true }),
  };
};
