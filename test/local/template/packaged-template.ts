import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageService } from '../../../scripts/deployment/package-service.ts';
import { readTemplate, type Template } from '../../../scripts/deployment/template.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Stands in for the bundler: the template says nothing of what is in an archive, and bundling takes a minute. */
const EMPTY_ARCHIVES = `
module.exports = class {
  constructor({ service, serviceDir }) {
    const emptyArchives = () => {
      for (const key of service.getAllFunctions()) {
        service.getFunction(key).package = { artifact: serviceDir + '/empty.zip' };
      }
    };
    this.hooks = { 'before:package:createDeploymentArtifacts': emptyArchives };
  }
};
`;

/** An archive's directory, of no entries. */
const EMPTY_ZIP = Buffer.concat([Buffer.from([0x50, 0x4b, 0x05, 0x06]), Buffer.alloc(18)]);

/** The template that `serverless package` itself makes of the project. */
export const packagedTemplate = async (params: Readonly<Record<string, string>>): Promise<Template> => {
  const rootDir = await mkdtemp(join(tmpdir(), 'fedml-template-'));
  try {
    for (const part of ['functions', 'shared', 'statemachines', 'resources', 'pipelines', 'package.json']) {
      await cp(join(ROOT, part), join(rootDir, part), { recursive: true });
    }
    await symlink(join(ROOT, 'node_modules'), join(rootDir, 'node_modules'));
    const configuration = await readFile(join(ROOT, 'serverless.yml'), 'utf8');
    await writeFile(
      join(rootDir, 'serverless.yml'),
      configuration.replace('serverless-esbuild', './empty-archives.cjs'),
    );
    await writeFile(join(rootDir, 'empty-archives.cjs'), EMPTY_ARCHIVES);
    await writeFile(join(rootDir, 'empty.zip'), EMPTY_ZIP);
    await packageService({ rootDir, packageDir: join(rootDir, 'package'), params });
    return readTemplate(join(rootDir, 'package'));
  } finally {
    await rm(rootDir, { recursive: true, force: true });
  }
};
