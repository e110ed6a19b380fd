import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { openIam } from '#local/iam/open-iam.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { startStepFunctions } from '#local/step-functions/server.ts';
import { roleFor, withRoles } from '#test/local/iam/roles.ts';

/**
 * How many items a second a Map runs on the laptop's Step Functions: Pass states inside the execution, Lambda calls to a
 * trivial HTTP server, and Pass states as child executions of a Distributed Map. From StartExecution to SUCCEEDED.
 */
const ITEMS = 1000;
const ROUNDS = 5;

const lambda = createServer((request, response) => {
  request.resume().on('end', () => response.end('null'));
});
await new Promise<void>((resolve) => lambda.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`;
const ROLE = `arn:aws:iam::${LOCAL_ACCOUNT.accountId}:role/bench`;
const iam = withRoles(openIam({ account: LOCAL_ACCOUNT }), roleFor('states.amazonaws.com', ROLE));
const dataDir = await mkdtemp(join(tmpdir(), 'bench-step-functions-'));
const stepFunctions = await startStepFunctions({
  dataDir,
  account: LOCAL_ACCOUNT,
  iam,
  endpoints: { lambda: url, s3: url, eventbridge: url, sagemaker: url },
});
const client = new SFNClient({
  endpoint: stepFunctions.url,
  region: LOCAL_ACCOUNT.region,
  credentials: iam.personKeys,
});

const PASS = { Type: 'Pass', Output: '{% $states.input * 2 %}', End: true };
const LAMBDA = { Type: 'Task', Resource: 'arn:aws:lambda:eu-central-1:000000000000:function:trivial', End: true };
const DISTRIBUTED = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } };

const bench = async (name: string, state: object, config: object = {}): Promise<void> => {
  const definition = JSON.stringify({
    QueryLanguage: 'JSONata',
    StartAt: 'Each',
    States: {
      Each: {
        Type: 'Map',
        Items: `{% [1..${ITEMS}] %}`,
        ItemProcessor: { ...config, StartAt: 'One', States: { One: state } },
        Output: 'done',
        End: true,
      },
    },
  });
  const { stateMachineArn } = await client.send(new CreateStateMachineCommand({ name, definition, roleArn: ROLE }));
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await run(stateMachineArn!));
  const best = Math.min(...times);
  const rate = Math.round((ITEMS / best) * 1000);
  console.log(
    `${name.padEnd(12)} ${ITEMS} items: first ${times[0]!.toFixed(0)} ms, best ${best.toFixed(0)} ms, ${rate} items/s`,
  );
};

const run = async (stateMachineArn: string): Promise<number> => {
  const started = performance.now();
  const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn }));
  for (;;) {
    const { status, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (status === 'SUCCEEDED') return performance.now() - started;
    if (status !== 'RUNNING') throw new Error(cause);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

try {
  await bench('pass', PASS);
  await bench('lambda', LAMBDA);
  await bench('distributed', PASS, DISTRIBUTED);
  console.log(`peak memory  ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
} finally {
  client.destroy();
  await stepFunctions.close();
  lambda.close();
  lambda.closeAllConnections();
  await rm(dataDir, { recursive: true, force: true });
}
