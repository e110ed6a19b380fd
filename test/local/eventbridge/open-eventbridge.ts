import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import {
  EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
  PutRuleCommand,
  type PutRuleCommandInput,
  PutTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { type EventBridgeOptions, startEventBridge } from '#local/eventbridge/eventbridge.ts';
import { serveAwsJson } from '#local/http/aws-json.ts';
import { listen } from '#local/http/listen.ts';
import type { Iam } from '#local/iam/iam.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { roleFor, withRoles } from '#test/local/iam/roles.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';

export const FUNCTION_ARN = 'arn:aws:lambda:eu-central-1:000000000000:function:resumeTask';
export const STATE_MACHINE_ARN = 'arn:aws:states:eu-central-1:000000000000:stateMachine:pipeline';

export const RULE_ROLE_ARN = 'arn:aws:iam::000000000000:role/rules';

/** The person, and a role for rules, may do everything. */
export const ruleIam = (): Iam => withRoles(testIam(), roleFor('events.amazonaws.com', RULE_ROLE_ARN));

/** The two services behind targets; they record what they are given and can be told to fail. */
export const startTargets = async (iam: Iam) => {
  const received: unknown[] = [];
  const executions: { readonly stateMachineArn: string; readonly name: string; readonly input: string }[] = [];
  /** Statuses to answer with before accepting again. */
  const failures: number[] = [];
  const lambda = await listen(async (request, response) => {
    const body = await buffer(request);
    const status = failures.shift();
    if (status === undefined) received.push(JSON.parse(body.toString()));
    const headers = { 'x-amzn-errortype': status === 404 ? 'ResourceNotFoundException' : 'ServiceException' };
    response.writeHead(status ?? 202, status ? headers : {});
    response.end(status ? '{"Message":"away"}' : '');
  });
  const stepFunctions = await serveAwsJson({
    targetPrefix: 'AWSStepFunctions',
    jsonVersion: '1.0',
    signingName: 'states',
    iam,
    permissions: {
      StartExecution: ({ stateMachineArn }) => [{ action: 'states:StartExecution', resource: String(stateMachineArn) }],
    },
    operations: {
      StartExecution(input: { stateMachineArn: string; name: string; input: string }) {
        executions.push(input);
        return { executionArn: 'arn:aws:states:::execution', startDate: new Date() };
      },
    },
  });
  return {
    received,
    executions,
    failures,
    endpoints: () => ({ lambda: lambda.url, stepFunctions: stepFunctions.url }),
    async close() {
      await Promise.all([lambda.close(), stepFunctions.close()]);
    },
  };
};

export type Targets = Awaited<ReturnType<typeof startTargets>>;
export type OpenEventBridge = Awaited<ReturnType<typeof openEventBridge>>;

/** EventBridge in a temporary folder and its real client, with short forms of the commands. */
export const openEventBridge = async (
  options: Partial<EventBridgeOptions> & Pick<EventBridgeOptions, 'endpoints' | 'iam'>,
) => {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'eventbridge-')));
  const events = await startEventBridge({ account: LOCAL_ACCOUNT, firstRetrySeconds: 0.01, ...options, dataDir });
  const client = new EventBridgeClient({
    endpoint: events.url,
    region: LOCAL_ACCOUNT.region,
    credentials: PERSON,
    maxAttempts: 1,
  });
  return {
    events,
    client,
    dataDir,
    putEvents: (...Entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries })),
    /** A rule with one target, by default the function. */
    async rule(input: PutRuleCommandInput, target: Partial<Target> = {}) {
      const { Name, EventBusName } = input;
      await client.send(new PutRuleCommand(input));
      const Targets = [{ Id: 'target', Arn: FUNCTION_ARN, ...target }];
      await client.send(new PutTargetsCommand({ Rule: Name, EventBusName, Targets }));
    },
    async close() {
      client.destroy();
      await events.close();
      if (!options.dataDir) await rm(dataDir, { recursive: true });
    },
  };
};

/** An entry of PutEvents from the source `test`. */
export const entry = (detail: object, fields: Partial<PutEventsRequestEntry> = {}): PutEventsRequestEntry => ({
  Source: 'test',
  DetailType: 'Test',
  Detail: JSON.stringify(detail),
  ...fields,
});
