import { appendFileSync, writeFileSync } from 'node:fs';
import type { DeployedPolicies } from './iam.ts';
import type { Decision } from './policy/decide.ts';

/** A line of a record: the policies from here on, or a decision by them. */
export type Recorded = { readonly policies: DeployedPolicies } | { readonly decision: Decision };

/**
 * Options of `openIam` that write each deployment and each different decision to a file, a line of JSON each. It shows which
 * grants a run has used, and can be judged by others afterwards.
 */
export const recordDecisions = (file: string) => {
  const seen = new Set<string>();
  writeFileSync(file, '');
  const write = (recorded: Recorded): void => {
    const line = JSON.stringify(recorded);
    if (seen.has(line)) return;
    seen.add(line);
    appendFileSync(file, `${line}\n`);
  };
  return {
    onDeploy: (policies: DeployedPolicies): void => {
      seen.clear();
      write({ policies });
    },
    onDecision: (decision: Decision): void => write({ decision }),
  };
};
