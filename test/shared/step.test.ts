import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';

const CONTEXT = { functionName: 'f', awsRequestId: 'r' } as never;

let lines: string[];

beforeEach(() => {
  lines = [];
  vi.resetModules();
  vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'tests');
  // Prints by the global console, which would leave metrics out.
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const metricLines = () => lines.map((line) => JSON.parse(line)).filter((line) => line._aws);

it('publishes what a step counts of its answer, under the name of the deployment', async () => {
  const { step } = await import('#shared/step.ts');
  const counts = ({ rows }: { rows: number }) => ({ RowsRead: rows });
  const handler = step({ input: z.unknown(), output: z.object({ rows: z.int() }), counts }, async () => ({ rows: 34 }));

  await handler({}, CONTEXT);

  expect(metricLines()).toEqual([expect.objectContaining({ RowsRead: 34, service: 'tests' })]);
  expect(metricLines()[0]._aws.CloudWatchMetrics[0].Namespace).toBe('FedML');
});

it('tells what a step counts apart by its input', async () => {
  const { step } = await import('#shared/step.ts');
  const options = { input: z.object({ mode: z.string() }), output: z.unknown(), counts: () => ({ RunsSucceeded: 1 }) };
  const handler = step({ ...options, dimensions: ({ mode }) => ({ mode }) }, async () => undefined);

  await handler({ mode: 'score' }, CONTEXT);
  await step(options, async () => undefined)({ mode: 'score' }, CONTEXT);

  const [first, second] = metricLines();
  expect(first._aws.CloudWatchMetrics[0].Dimensions).toEqual([['service', 'mode']]);
  expect(first).toMatchObject({ mode: 'score', RunsSucceeded: 1 });
  expect(second._aws.CloudWatchMetrics[0].Dimensions).toEqual([['service']]);
});

it('publishes nothing of a step that failed or counts nothing', async () => {
  const { step } = await import('#shared/step.ts');
  const failing = step({ input: z.unknown(), output: z.unknown(), counts: () => ({ RowsRead: 1 }) }, async () => {
    throw new Error('no rows');
  });
  const silent = step({ input: z.unknown(), output: z.unknown() }, async () => 1);

  await expect(failing({}, CONTEXT)).rejects.toThrow('no rows');
  await silent({}, CONTEXT);

  expect(metricLines()).toEqual([]);
});

it('tells a run of an older deployment, whose state machine hands over what is no longer taken, how to go on', async () => {
  const { step } = await import('#shared/step.ts');
  const handler = step({ input: z.strictObject({ runUri: z.string() }), output: z.unknown() }, async () => 1);

  const refused = handler({ runUri: 's3://store/runs/flights/run-1/', gone: 1 }, CONTEXT);
  await expect(refused).rejects.toMatchObject({
    name: 'InvalidInputError',
    message: expect.stringMatching(/gone[\s\S]*before the last deployment[\s\S]*npx fedml resume run-1$/),
  });
  await expect(handler({ gone: 1 }, CONTEXT)).rejects.toThrow(/^(?![\s\S]*deployment)/);
});
