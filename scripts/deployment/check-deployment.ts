import { checkFunctions, checkStateMachines } from './check-functions.ts';
import { checkGrants } from './check-grants.ts';
import { checkHttpApi } from './check-http-api.ts';
import { checkPolicies } from './check-policies.ts';
import { checkProperties } from './check-properties.ts';
import { checkReferences } from './check-references.ts';
import { checkRules } from './check-rules.ts';
import { checkTransport } from './check-transport.ts';
import { type Finding, readTemplate } from './template.ts';
import type { CommandFinder } from './used-commands.ts';

/** Everything that can be told of a packaged deployment without an account. */
export const checkDeployment = async (packageDir: string, finder: CommandFinder): Promise<Finding[]> => {
  const template = readTemplate(packageDir);
  return [
    ...(await checkProperties(template)),
    ...(await checkReferences(template)),
    ...checkStateMachines(template),
    ...checkFunctions(template, packageDir),
    ...checkRules(template),
    ...checkHttpApi(template),
    ...checkPolicies(template),
    ...checkTransport(template),
    ...checkGrants(template, finder),
  ];
};
