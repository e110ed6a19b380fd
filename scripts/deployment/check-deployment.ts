import { join } from 'node:path';
import { checkDeployRole } from './check-deploy-role.ts';
import { checkFunctions, checkStateMachines } from './check-functions.ts';
import { checkGrants } from './check-grants.ts';
import { checkHttpApi } from './check-http-api.ts';
import { checkPolicies } from './check-policies.ts';
import { checkProperties } from './check-properties.ts';
import { checkReferences } from './check-references.ts';
import { checkRules } from './check-rules.ts';
import { checkStages } from './check-stages.ts';
import { checkTransport } from './check-transport.ts';
import { readDeployRole } from './deploy-role.ts';
import { type Finding, readTemplate } from './template.ts';
import type { CommandFinder } from './used-commands.ts';

const ROOT_DIR = join(import.meta.dirname, '..', '..');

/** Everything that can be told of a packaged deployment without an account. */
export const checkDeployment = async (packageDir: string, finder: CommandFinder): Promise<Finding[]> => {
  const template = readTemplate(packageDir);
  const deployRole = readDeployRole(ROOT_DIR);
  return [
    ...(await checkProperties(template)),
    ...(await checkReferences(template)),
    ...checkStateMachines(template),
    ...checkFunctions(template, packageDir),
    ...checkRules(template),
    ...checkHttpApi(template),
    ...checkPolicies(template),
    ...checkTransport(template),
    ...checkStages(template, deployRole),
    ...checkDeployRole(template, deployRole),
    ...checkGrants(template, finder),
  ];
};
