import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ON_TEMPLATE } from '../../scripts/deployment/check-deployment.ts';
import handlers from '../../scripts/deployment/handler-permissions.json' with { type: 'json' };
import { packageService } from '../../scripts/deployment/package-service.ts';
import { readTemplate } from '../../scripts/deployment/template.ts';
import { handlerPermissions, idleNoise, isCfnLintInstalled, lint } from './cfn-lint.ts';
import { PARAMETER_SETS } from './parameter-sets.ts';
import { settled } from './settled.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SETTLED = 'settled.json';
const TIMEOUT_MS = 300_000;

if (!isCfnLintInstalled)
  console.log('cfn-lint is not installed, so it judges no template: node tools/judges/install.mjs');

describe.skipIf(!isCfnLintInstalled)('cfn-lint', () => {
  let folder: string;

  beforeAll(async () => {
    const cache = join(ROOT, 'node_modules', '.cache');
    await mkdir(cache, { recursive: true });
    folder = await mkdtemp(join(cache, 'judges-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const folderOf = (name: string): string => join(folder, name.replaceAll(/\W+/g, '-'));

  it.each(Object.entries(PARAMETER_SETS))(
    'finds nothing in the template for %s, and neither do our own checks',
    async (name, params) => {
      await packageService({ rootDir: ROOT, packageDir: folderOf(name), params });
      const template = settled(readTemplate(folderOf(name)));
      await writeFile(join(folderOf(name), SETTLED), JSON.stringify(template));

      expect(await lint(join(folderOf(name), SETTLED))).toEqual([]);
      expect(ON_TEMPLATE.flatMap((check) => check(readTemplate(folderOf(name))))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'finds nothing in the templates that stand beside',
    async () => {
      const files = ['resources/deploy-role.yml', 'docs/examples/start-on-success-object.yml'];

      expect(await lint(...files.map((file) => join(ROOT, file)))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'finds mistakes that are planted',
    async () => {
      const text = await readFile(join(folderOf('a first try'), SETTLED), 'utf8');
      const template = JSON.parse(text);
      template.Resources.TrainModelLambdaFunction.Properties.MemorySize = 64;
      template.Resources.RunFailedAlarm.Properties.AlarmActions = [''];
      template.Resources.StartRunRole.Properties.Policies[0].PolicyDocument.Statement[0].Action =
        'states:StartExecutions';
      const file = join(folder, 'planted.json');
      await writeFile(file, JSON.stringify(template));

      const findings = (await lint(file)).map((finding) => finding.split(':')[0]);
      expect(findings).toEqual(
        expect.arrayContaining([
          'E3034 Resources/TrainModelLambdaFunction/Properties/MemorySize',
          'E3033 Resources/RunFailedAlarm/Properties/AlarmActions/0',
          expect.stringMatching(/^W3037 Resources\/StartRunRole\//),
        ]),
      );
    },
    TIMEOUT_MS,
  );

  it(
    'needs every explanation of tools/judges/noise.json',
    async () => {
      expect(await idleNoise(join(folderOf('a first try'), SETTLED))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('knows the permissions of handlers as handler-permissions.json has them', () => {
    expect(handlerPermissions(Object.keys(handlers.types))).toEqual(handlers.types);
  });
});
