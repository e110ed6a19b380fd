import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SendTaskFailureCommand, SendTaskSuccessCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { announceRun } from '#functions/pipeline/announce-run/announce-run.ts';
import type { AnnounceRunInput } from '#functions/pipeline/announce-run/schema.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { stepFunctionsMapRuns } from '#shared/executions/step-functions.ts';
import { serveFake } from '#test/local/http/fake-service.ts';
import { namedError } from '#test/local/step-functions/fake-lambda.ts';
import {
  type Described,
  type OpenStepFunctions,
  openStepFunctions,
} from '#test/local/step-functions/open-step-functions.ts';
import { inMemoryEventBus } from '#test/shared/event-bus/in-memory.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun } from '#test/shared/pipeline/fixture.ts';
import { ANSWERS, type Answers, SCHEMAS, WAITING } from './answers.ts';
import { machines } from './definitions.ts';
import { substitute } from './substitute.ts';

export interface OpenMachines extends AsyncDisposable {
  readonly stepFunctions: OpenStepFunctions;
  /** Names of the functions that were called, in order. */
  called(): string[];
  eventOf(name: string): Record<string, unknown>;
  /** Detail types that the machines and AnnounceRun put on the bus, in order. */
  readonly announced: string[];
  run(machine: string, input: unknown, name?: string): Promise<Described>;
}

interface Settings {
  /** Functions that answer otherwise than well; a thrown error is theirs. */
  readonly answers?: Partial<Answers>;
  readonly busIsDown?: boolean;
  readonly stagingFails?: boolean;
  /** Staging finds no rows to score. */
  readonly nothingToScore?: boolean;
}

/** The machines on the laptop's Step Functions, over functions that check what they are handed and answer as the real ones do. */
export const openMachines = async ({
  answers = {},
  busIsDown,
  stagingFails,
  nothingToScore,
}: Settings = {}): Promise<OpenMachines> => {
  const announced: string[] = [];
  const bus = await serveFake({
    targetPrefix: 'AWSEvents',
    jsonVersion: '1.1',
    operations: {
      PutEvents: ({ Entries }: { Entries: { DetailType: string }[] }) => {
        if (busIsDown) throw namedError('InternalException');
        announced.push(...Entries.map(({ DetailType }) => DetailType));
        return { FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: '1' })) };
      },
    },
  });
  const plans = await servePlans();
  const stepFunctions = await openStepFunctions({ s3: plans.url, eventbridge: bus.url });
  const { client, lambda } = stepFunctions;

  const called: string[] = [];
  for (const [name, answer] of Object.entries({ ...ANSWERS, ...answers })) {
    lambda.functions[name] = async (event: Record<string, unknown>) => {
      called.push(name);
      const { input, output } = SCHEMAS[name]!;
      const given = input.parse(event);
      const result = await outcomeOf(() => answer!(given as never));
      if (!WAITING.has(name)) {
        if ('error' in result) throw result.error;
        return output.parse(result.value);
      }
      const taskToken = event.taskToken as string;
      if ('error' in result) {
        const { name: error, message: cause } = result.error;
        await client.send(new SendTaskFailureCommand({ taskToken, error, cause }));
      } else {
        const text = JSON.stringify(output.parse(result.value));
        await client.send(new SendTaskSuccessCommand({ taskToken, output: text }));
      }
      return null;
    };
  }

  const objectStore = inMemoryObjectStore();
  const eventBus = inMemoryEventBus();
  if (!answers.announceRun) {
    lambda.functions.announceRun = async (event: AnnounceRunInput) => {
      called.push('announceRun');
      const mapRuns = stepFunctionsMapRuns(client);
      await givenRun(objectStore, { executionArn: event.executionArn });
      const answer = await announceRun(SCHEMAS.announceRun!.input.parse(event) as AnnounceRunInput, {
        objectStore,
        eventBus,
        mapRuns,
      });
      announced.push(eventBus.events.at(-1)!.detailType);
      return answer;
    };
  }

  for (const { name, text } of machines) {
    const definition =
      name === 'staging'
        ? stagingFails
          ? FAILING_STAGING
          : nothingToScore
            ? EMPTY_STAGING
            : STAGING
        : hurried(JSON.parse(substitute(text)));
    await stepFunctions.create(definition, { name });
  }

  return {
    stepFunctions,
    called: () => called,
    eventOf: (name) => lambda.calls.find((call) => call.name === name)!.event as Record<string, unknown>,
    announced,
    async run(machine, input, name = 'run-1') {
      const stateMachineArn = `arn:aws:states:${LOCAL_ACCOUNT.region}:${LOCAL_ACCOUNT.accountId}:stateMachine:${machine}`;
      const { executionArn } = await client.send(
        new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
      );
      return stepFunctions.closed(executionArn!);
    },
    async [Symbol.asyncDispose]() {
      await stepFunctions[Symbol.asyncDispose]();
      await bus.close();
      await plans.close();
    },
  };
};

const outcomeOf = async (answer: () => unknown): Promise<{ value: unknown } | { error: Error }> => {
  try {
    return { value: await answer() };
  } catch (error) {
    return { error: error as Error };
  }
};

/** An S3 that has a plan of two parts under every key. */
const servePlans = async () => {
  const server = createServer((_, response) => {
    response.end(['0', '1'].map((part) => `${JSON.stringify({ ...PLANNED_PART, part: Number(part) })}\n`).join(''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** A line of both plans; ScorePart's and WritePart's stand-ins look at its part only. */
const PLANNED_PART = {};

const STAGING = {
  StartAt: 'Stage',
  States: {
    Stage: {
      Type: 'Succeed',
      Output:
        "{% $states.input.purpose = 'training' ? {'train': {'rowCount': 8}, 'test': {'rowCount': 2}} : {'score': {'rowCount': 4}} %}",
    },
  },
};

const EMPTY_STAGING = {
  StartAt: 'Stage',
  States: { Stage: { Type: 'Succeed', Output: { score: { rowCount: 0 } } } },
};

const FAILING_STAGING = {
  StartAt: 'Stage',
  States: { Stage: { Type: 'Fail', Error: 'WarehouseLoginError', Cause: '10: wrong password' } },
};

/** The same machine, retrying and waiting for nothing: what is tested is whether, not when. */
const hurried = (node: unknown): object =>
  JSON.parse(JSON.stringify(node), (key, value) =>
    key === 'Retry'
      ? value.map((rule: object) => ({
          ...rule,
          IntervalSeconds: 1,
          MaxDelaySeconds: 2,
          BackoffRate: 1,
          JitterStrategy: 'FULL',
        }))
      : key === 'Seconds'
        ? 0
        : value,
  );
