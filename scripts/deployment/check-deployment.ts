import { join } from 'node:path';
import { checkAlarms } from './check-alarms.ts';
import { checkDeployRole } from './check-deploy-role.ts';
import { checkEnvironment } from './check-environment.ts';
import { checkFunctions, checkStateMachines } from './check-functions.ts';
import { checkGrants } from './check-grants.ts';
import { checkHttpApi } from './check-http-api.ts';
import { checkLimits } from './check-limits.ts';
import { checkNetwork } from './check-network.ts';
import { checkObservability } from './check-observability.ts';
import { checkPolicies } from './check-policies.ts';
import { checkProperties } from './check-properties.ts';
import { checkQueues } from './check-queues.ts';
import { checkReferences } from './check-references.ts';
import { checkRules } from './check-rules.ts';
import { checkScopes } from './check-scopes.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkStages } from './check-stages.ts';
import { checkStorage } from './check-storage.ts';
import { checkSubnets } from './check-subnets.ts';
import { checkTransport } from './check-transport.ts';
import { readDeployRole } from './deploy-role.ts';
import { type Finding, readTemplate, type Template } from './template.ts';
import type { CommandFinder } from './used-commands.ts';

const ROOT_DIR = join(import.meta.dirname, '..', '..');

/** Those that look at the template alone. */
export const ON_TEMPLATE: readonly ((template: Template) => Finding[])[] = [
  checkStateMachines,
  checkRules,
  checkHttpApi,
  checkPolicies,
  checkScopes,
  checkTransport,
  checkStorage,
  checkQueues,
  checkLimits,
  checkNetwork,
  checkSubnets,
  checkEnvironment,
  checkSecrets,
  checkObservability,
  checkAlarms,
];

/** Everything that can be told of a packaged deployment without an account. */
export const checkDeployment = async (packageDir: string, finder: CommandFinder): Promise<Finding[]> => {
  const template = readTemplate(packageDir);
  const deployRole = readDeployRole(ROOT_DIR);
  return [
    ...(await checkProperties(template)),
    ...(await checkReferences(template)),
    ...ON_TEMPLATE.flatMap((check) => check(template)),
    ...checkFunctions(template, packageDir),
    ...checkStages(template, deployRole),
    ...checkDeployRole(template, deployRole),
    ...checkGrants(template, finder),
  ];
};
