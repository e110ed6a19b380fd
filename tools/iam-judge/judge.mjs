// Decides by @cloud-copilot/iam-simulate: one question a line on stdin, as JSON, one answer a line on stdout. See README.md.
import { createInterface } from 'node:readline';
import { runSimulation } from '@cloud-copilot/iam-simulate';

const decide = async ({ accountId, principal, action, resource, context, identityPolicies, resourcePolicy }) => {
  const { resultType, errors, overallResult } = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId }, contextVariables: context },
      identityPolicies,
      resourcePolicy,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  return resultType === 'error' ? { error: JSON.stringify(errors) } : { verdict: overallResult };
};

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await decide(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
