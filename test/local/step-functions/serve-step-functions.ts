import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { startStepFunctions } from '#local/step-functions/server.ts';
import { machineIam } from '#test/local/step-functions/open-step-functions.ts';

/** A Step Functions process to kill: it takes its folder and Lambda's URL, and prints its own URL when all is resumed. */
const [dataDir, lambda] = process.argv.slice(2) as [string, string];
const nowhere = 'http://127.0.0.1:1';
const server = await startStepFunctions({
  dataDir,
  account: LOCAL_ACCOUNT,
  iam: machineIam(),
  endpoints: { lambda, s3: nowhere, eventbridge: nowhere, sagemaker: nowhere },
});
await server.resumed;
process.stdout.write(`${server.url}\n`);
