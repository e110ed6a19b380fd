import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  type HistoryEvent,
  paginateGetExecutionHistory,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Iam, KeyPair } from '#local/iam/iam.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { type StepFunctions, type StepFunctionsOptions, startStepFunctions } from '#local/step-functions/server.ts';
import { roleFor, withRoles } from '#test/local/iam/roles.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';
import { type FakeLambda, startFakeLambda } from '#test/local/step-functions/fake-lambda.ts';

/** Step Functions with its real client and a Lambda of the test; `await using` stops both and removes the folder. */
export interface OpenStepFunctions extends AsyncDisposable {
  readonly client: SFNClient;
  readonly url: string;
  readonly dataDir: string;
  readonly lambda: FakeLambda;
  readonly server: StepFunctions;
  create(definition: object, settings?: { name?: string; type?: 'STANDARD' | 'EXPRESS' }): Promise<string>;
  start(definition: object, input?: unknown): Promise<string>;
  /** Starts and waits for the end. */
  run(definition: object, input?: unknown): Promise<Described>;
  closed(executionArn: string): Promise<Described>;
  /** Resolves when an execution logs an event of a type, also one that it logged before. */
  logged(executionArn: string, type: string): Promise<void>;
  history(executionArn: string): Promise<HistoryEvent[]>;
  /** Stops the server and keeps its folder. */
  close(): Promise<void>;
}

export interface Described extends DescribeExecutionCommandOutput {
  /** The output, parsed. */
  readonly value: unknown;
}

type Settings = Partial<Pick<StepFunctionsOptions, 'dataDir' | 'emit' | 'iam'>> & {
  /** Of another Lambda than the test's own. */
  readonly lambdaUrl?: string;
  readonly s3?: string;
  readonly eventbridge?: string;
};

export const openStepFunctions = async (settings: Settings = {}): Promise<OpenStepFunctions> => {
  const dataDir = settings.dataDir ?? (await mkdtemp(join(tmpdir(), 'step-functions-')));
  const lambda = await startFakeLambda();
  const seen = new Map<string, Set<string>>();
  const waiting = new Map<string, () => void>();
  const nowhere = 'http://127.0.0.1:1';
  const server = await startStepFunctions({
    dataDir,
    account: LOCAL_ACCOUNT,
    iam: settings.iam ?? machineIam(),
    endpoints: {
      lambda: settings.lambdaUrl ?? lambda.url,
      s3: settings.s3 ?? nowhere,
      eventbridge: settings.eventbridge ?? nowhere,
      sagemaker: nowhere,
    },
    ...(settings.emit && { emit: settings.emit }),
    onEvent(executionArn, { type }) {
      seen.set(executionArn, (seen.get(executionArn) ?? new Set()).add(type));
      waiting.get(`${executionArn} ${type}`)?.();
      if (CLOSING.has(type)) waiting.get(executionArn)?.();
    },
  });
  const client = clientOf(server.url);
  let machines = 0;

  const describe = async (executionArn: string): Promise<Described> => {
    const described = await client.send(new DescribeExecutionCommand({ executionArn }));
    return { ...described, value: described.output === undefined ? undefined : JSON.parse(described.output) };
  };
  const open: OpenStepFunctions = {
    client,
    url: server.url,
    dataDir,
    lambda,
    server,
    async create(definition, { name = `machine-${++machines}`, type = 'STANDARD' } = {}) {
      const text = JSON.stringify({ QueryLanguage: 'JSONata', ...definition });
      const created = await client.send(new CreateStateMachineCommand({ name, definition: text, roleArn: ROLE, type }));
      return created.stateMachineArn!;
    },
    async start(definition, input = {}) {
      const stateMachineArn = await open.create(definition);
      const { executionArn } = await client.send(
        new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
      );
      return executionArn!;
    },
    async run(definition, input) {
      return open.closed(await open.start(definition, input));
    },
    async closed(executionArn) {
      const closing = new Promise<void>((resolve) => waiting.set(executionArn, resolve));
      const described = await describe(executionArn);
      if (described.status !== 'RUNNING') return described;
      await closing;
      return describe(executionArn);
    },
    async logged(executionArn, type) {
      if (seen.get(executionArn)?.has(type)) return;
      await new Promise<void>((resolve) => waiting.set(`${executionArn} ${type}`, resolve));
    },
    history: (executionArn) => historyOf(client, executionArn),
    async close() {
      client.destroy();
      await server.close();
      await lambda.close();
    },
    async [Symbol.asyncDispose]() {
      await open.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return open;
};

export const ROLE = 'arn:aws:iam::000000000000:role/test';

/** The person, and a role for machines, may do everything. */
export const machineIam = (): Iam => withRoles(testIam(), roleFor('states.amazonaws.com', ROLE));

/** Machines that call as the person: for an S3 in another process, which knows no sessions of roles. */
export const machineIamAsPerson = (): Iam => ({ ...machineIam(), sessionKeys: () => PERSON });

export const clientOf = (endpoint: string, credentials: KeyPair = PERSON): SFNClient =>
  new SFNClient({
    endpoint,
    region: LOCAL_ACCOUNT.region,
    credentials,
    disableHostPrefix: true,
  });

export const historyOf = async (client: SFNClient, executionArn: string): Promise<HistoryEvent[]> => {
  const events: HistoryEvent[] = [];
  for await (const page of paginateGetExecutionHistory({ client }, { executionArn, maxResults: 1000 })) {
    events.push(...page.events!);
  }
  return events;
};

export const typesOf = (events: readonly HistoryEvent[]): string[] => events.map(({ type }) => type!);

/** The ARN of a function of the test's Lambda. */
export const functionArn = (name: string): string => `arn:aws:lambda:eu-central-1:000000000000:function:${name}`;

const CLOSING = new Set(['ExecutionSucceeded', 'ExecutionFailed', 'ExecutionAborted', 'ExecutionTimedOut']);
