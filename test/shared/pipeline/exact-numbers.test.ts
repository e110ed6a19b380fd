import { expect, it } from 'vitest';
import { parseExact } from '#shared/json/exact-json.ts';
import { parseDefinition } from '#shared/pipeline/definition-file.ts';
import { applyOverrides } from '#shared/pipeline/overrides.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { contentSha256 } from '#shared/reuse/content-sha256.ts';
import { trainingJobRequest } from '#shared/sagemaker/training-job.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenDataset, givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';

const definition = (hyperparameters: string, rest = '') =>
  parseDefinition(
    `name: flights\nsource: { view: V, key: [ID], target: Y }\ntraining: { instanceCount: 2, hyperparameters: ${hyperparameters} }\n${rest}`,
    'pipeline.yml',
  );

const WRITTEN =
  '{ one: 1.0, neg: -0.50, tiny: 1e-7, big: 12345678901234567890, seed: 9007199254740993, version: 1.10, k: 5, nested: { a: [2.0] } }';

const sent = async (parsed: ReturnType<typeof definition>) => {
  const objectStore = inMemoryObjectStore();
  await givenRun(objectStore, { definition: parsed });
  const train = await givenDataset(objectStore, 'train', [], []);
  const run = await loadRun(objectStore, RUN_URI);
  const settings = { region: 'eu-central-1', trainingRoleArn: 'role' };
  return trainingJobRequest('job', run, { train, test: train }, 'image', settings).HyperParameters;
};

it('sends hyperparameters to SageMaker as they are written', async () => {
  expect(await sent(definition(WRITTEN))).toMatchObject({
    one: '1.0',
    neg: '-0.50',
    tiny: '1e-7',
    big: '12345678901234567890',
    seed: '9007199254740993',
    version: '1.10',
    k: '5',
    nested: '{"a":[2.0]}',
  });
});

it("writes YAML's own forms of numbers as JSON does", async () => {
  expect(await sent(definition('{ a: +5, b: .5, c: 5., d: 0x1F, e: -.25e3 }'))).toMatchObject({
    a: '5',
    b: '0.5',
    c: '5.0',
    d: '31',
    e: '-0.25e3',
  });
});

it('sends overrides as they are written, and keeps the rest', async () => {
  const overrides = parseExact('{"training.hyperparameters.seed":9007199254740995,"training.instanceCount":3.0}');
  const changed = applyOverrides(definition(WRITTEN), overrides as Parameters<typeof applyOverrides>[1]);

  expect(changed.training.instanceCount).toBe(3);
  expect(await sent(changed)).toMatchObject({ seed: '9007199254740995', one: '1.0' });
});

it('keeps the overrides of schedules', () => {
  const { schedule } = definition(
    '{}',
    'schedule: [{ rate: 1 day, overrides: { training.hyperparameters.seed: 9007199254740993 } }]',
  );
  expect(JSON.stringify(schedule[0]!.overrides)).toBe('{"training.hyperparameters.seed":9007199254740993}');
});

it.each([
  ['gitsha: 61e9540', '61e9540 is read as a number, and is larger'],
  ['code: 007', '007 is read as the number 7. Put it in quotes'],
  ['limit: .inf', ".inf is read as a number that JSON doesn't have"],
  ['limit: .nan', ".nan is read as a number that JSON doesn't have"],
])('says that %s is misread', (setting, message) => {
  expect(() => definition(`{ ${setting} }`)).toThrow(message);
});

it('takes numbers that are written otherwise for other settings of a training', () => {
  const digestOf = (value: string) => contentSha256(definition(`{ one: ${value} }`).training.hyperparameters);
  expect(digestOf('1.0')).not.toBe(digestOf('1'));
  expect(digestOf('9007199254740993')).not.toBe(digestOf('9007199254740992'));
});
