import { beforeAll, expect, it, vi } from 'vitest';

beforeAll(() => {
  vi.stubEnv('AWS_REGION', 'eu-central-1');
});

/** Imported by the test, after the environment is set. */
const HANDLERS = {
  planPartitions: () => import('#functions/staging/plan-partitions/handler.ts'),
  extractPartition: () => import('#functions/staging/extract-partition/handler.ts'),
  sealDataset: () => import('#functions/staging/seal-dataset/handler.ts'),
  planWrite: () => import('#functions/prediction/plan-write/handler.ts'),
  abandonWrite: () => import('#functions/prediction/abandon-write/handler.ts'),
  writePart: () => import('#functions/prediction/write-part/handler.ts'),
  publishPredictions: () => import('#functions/prediction/publish-predictions/handler.ts'),
};

it.each([
  ['planPartitions', ['runUri', 'purpose']],
  ['extractPartition', ['runUri', 'purpose', 'partition']],
  ['sealDataset', ['runUri', 'purpose']],
  ['planWrite', ['runUri', 'predictionsUri', 'rowCount', 'model']],
  ['writePart', ['runUri', 'writeId', 'fence', 'part', 'uri', 'etag']],
  ['publishPredictions', ['runUri', 'writeId', 'fence', 'rowCount']],
  ['abandonWrite', ['runUri', 'writeId', 'fence']],
] as const)('%s refuses an event with every mistake at once', async (name, fields) => {
  const { handler } = (await HANDLERS[name]()) as {
    handler: (event: unknown, context: unknown) => Promise<unknown>;
  };

  const refused = await handler({ stranger: true }, {}).catch((error: Error) => error);

  expect(refused).toMatchObject({ name: 'InvalidInputError' });
  for (const field of [...fields, 'stranger']) expect((refused as Error).message).toContain(field);
});
