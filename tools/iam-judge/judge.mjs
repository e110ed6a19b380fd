// Judges requests by @cloud-copilot/iam-simulate, which is under the AGPL and therefore never imported by the project: it runs
// here, as a process of its own. Reads one question a line from stdin, as JSON, and answers one line to each.
import { createInterface } from 'node:readline';
import { runSimulation } from '@cloud-copilot/iam-simulate';

const judge = async ({ accountId, principal, action, resource, context, identityPolicies, resourcePolicy }) => {
  const simulation = {
    request: { principal, action, resource: { resource, accountId }, contextVariables: context },
    identityPolicies,
    resourcePolicy,
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
  const { resultType, errors, overallResult } = await runSimulation(simulation, {});
  return resultType === 'error' ? { error: JSON.stringify(errors) } : { verdict: overallResult };
};

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await judge(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
