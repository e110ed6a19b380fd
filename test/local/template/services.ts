import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { LOCAL_ACCOUNT as account } from '#local/stand-in.ts';
import { type Deployment, deploymentOf } from '#local/template/deployment.ts';
import { resolveTemplate, type Template } from '#local/template/template.ts';

/** A service with a role and a function, to which a test adds what it is about. */
export const SMALL = `
service: small
plugins: [./roles.cjs]
params: { default: { region: eu-central-1, size: 256 } }
provider: { name: aws, runtime: nodejs24.x, region: eu-central-1, stage: "\${opt:stage, 'dev'}" }
custom: { name: "\${self:service}-\${sls:stage}" }
functions:
  work: { handler: functions/work.handler, timeout: 10, memorySize: "\${param:size}" }
`;

const ROLES_PLUGIN = `
module.exports = class {
  constructor(serverless) {
    this.hooks = {
      initialize() {
        for (const key of serverless.service.getAllFunctions()) serverless.service.getFunction(key).role = 'WorkRole';
      },
    };
  }
};
`;

const WORK_ROLE = `
  - Resources:
      WorkRole:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: { Statement: [] }
`;

/** Writes a service to a folder of the test. */
export const writeService = async (yaml: string, files: Readonly<Record<string, string>> = {}): Promise<string> => {
  const rootDir = await mkdtemp(join(tmpdir(), 'service-'));
  onTestFinished(() => rm(rootDir, { recursive: true, force: true }));
  for (const [path, text] of Object.entries({ 'serverless.yml': yaml, 'roles.cjs': ROLES_PLUGIN, ...files })) {
    await mkdir(dirname(join(rootDir, path)), { recursive: true });
    await writeFile(join(rootDir, path), text);
  }
  return rootDir;
};

/** The small service with a section of its own, and further resources as YAML in `- Resources: …`. */
export const resolveSmall = async (
  { more = '', resources = '' }: { readonly more?: string; readonly resources?: string },
  files?: Readonly<Record<string, string>>,
): Promise<Template> => {
  const rootDir = await writeService(`${SMALL}${more}resources:${WORK_ROLE}${resources}`, files);
  return resolveTemplate({ rootDir, stage: 'test' });
};

export const deploySmall = async (resources: string): Promise<Deployment> =>
  deploymentOf(await resolveSmall({ resources }), { name: 'small-test', account });
