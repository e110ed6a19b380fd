import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startQueuedRuns } from '#functions/events/start-queued-runs/start-queued-runs.ts';
import { StartTriggeredRunInput } from '#functions/events/start-triggered-run/schema.ts';
import { startTriggeredRun } from '#functions/events/start-triggered-run/start-triggered-run.ts';
import { executionArnOf } from '#shared/executions/executions.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { logger } from '#shared/logger.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { type OpenS3, openS3 } from '#test/local/s3/open-s3.ts';
import { type OpenStepFunctions, openStepFunctions } from '#test/local/step-functions/open-step-functions.ts';
import { inMemoryEventBus } from '#test/shared/event-bus/in-memory.ts';

const stateMachineArn = 'arn:aws:states:eu-central-1:000000000000:stateMachine:pipeline';
const WAITS = { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 600, End: true } } };
const SETTINGS = { storeUri: 's3://store', stateMachineArn };

logger.setLogLevel('SILENT');

let s3: OpenS3;
let stepFunctions: OpenStepFunctions;
beforeEach(async () => {
  [s3, stepFunctions] = await Promise.all([openS3(), openStepFunctions()]);
  await s3.client.send(new CreateBucketCommand({ Bucket: 'store' }));
  await stepFunctions.create(WAITS, { name: 'pipeline' });
});
afterEach(() => Promise.all([s3[Symbol.asyncDispose](), stepFunctions[Symbol.asyncDispose]()]));

const ports = () => ({
  objectStore: s3ObjectStore(s3.client),
  executions: stepFunctionsExecutions(stepFunctions.client),
  eventBus: inMemoryEventBus(),
});
const trigger = (occurrence: string, settings: object = {}) =>
  startTriggeredRun(
    StartTriggeredRunInput.parse({ pipeline: 'flights', trigger: 'by-event', occurrence, ...settings }),
    ports(),
    SETTINGS,
  );
const together = (count: number, settings: object = {}) =>
  Promise.all(Array.from({ length: count }, (_, index) => trigger(`${count}-${index}`, settings)));
const going = () => ports().executions.running(stateMachineArn);
const decisions = (records: readonly { readonly decision: string }[]) => Object.groupBy(records, (one) => one.decision);

describe('runs that are asked for at the same moment', () => {
  it.each([6, 20])('start one of %i, and the next one when that has ended', async (count) => {
    const { started, skipped } = decisions(await together(count));
    const first = await going();
    await ports().executions.stop(first[0]!.executionArn, 'by hand');
    const next = decisions(await together(count - 1));

    expect([started, skipped].map((records) => records!.length)).toEqual([1, count - 1]);
    expect(first).toHaveLength(1);
    expect([next.started, next.skipped].map((records) => records!.length)).toEqual([1, count - 2]);
    expect(await going()).toHaveLength(1);
  });

  it('start one of each pipeline', async () => {
    await Promise.all(['flights', 'weather', 'sales'].map((pipeline) => together(6, { pipeline })));

    expect((await going()).map(({ input }) => (input as { pipeline: string }).pipeline).toSorted()).toEqual([
      'flights',
      'sales',
      'weather',
    ]);
  });

  it('start one of those that waited, whoever hears of the end and however often', async () => {
    const first = await trigger('first');
    for (const name of ['a', 'b', 'c']) await trigger('1', { overlap: 'queue', trigger: name });
    const executionArn = executionArnOf(stateMachineArn, first.runId);
    await ports().executions.stop(executionArn, 'by hand');

    const answers = await Promise.all(
      Array.from({ length: 6 }, () => startQueuedRuns({ detail: { executionArn } }, ports(), SETTINGS)),
    );

    expect(new Set(answers.flatMap(({ started }) => started)).size).toBe(1);
    expect(await going()).toHaveLength(1);
  });
});
