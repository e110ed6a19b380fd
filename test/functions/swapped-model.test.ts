import { beforeEach, describe, expect, it } from 'vitest';
import { deployEndpoint } from '#functions/deployment/deploy-endpoint/deploy-endpoint.ts';
import { requestApproval } from '#functions/deployment/request-approval/request-approval.ts';
import { smokeTest } from '#functions/deployment/smoke-test/smoke-test.ts';
import { transformDataset } from '#functions/prediction/transform-dataset/transform-dataset.ts';
import { loadModelRecord } from '#shared/models/model-record.ts';
import { inMemoryEventBus } from '#test/shared/event-bus/in-memory.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { givenDataset, givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { inMemoryModelServer } from '#test/shared/sagemaker/model-server.ts';
import { inMemoryPorts } from '#test/shared/tasks/ports.ts';

const SETTINGS = { region: 'eu-central-1', modelRoleArn: 'arn:aws:iam::1:role/model' };

const world = () => ({
  ...inMemoryPorts('token-1', 'token-2'),
  eventBus: inMemoryEventBus(),
  modelServer: inMemoryModelServer(),
});

let ports: ReturnType<typeof world>;
let modelRecordUri: string;
beforeEach(async () => {
  ports = world();
  await givenRun(ports.objectStore, {
    settings: {
      deployment: { target: 'sagemaker', approval: 'manual' },
      prediction: {
        source: { view: 'V_SCORE', key: ['ID'] },
        columns: [{ name: 'P', type: 'DOUBLE' }],
        target: { table: 'T' },
      },
    },
  });
  await givenDataset(ports.objectStore, 'test', ['ID', 'A', 'LATE'], ['1,a,0\n2,b,1\n']);
  await givenDataset(ports.objectStore, 'score', ['ID', 'A'], ['1,a\n2,b\n']);
  modelRecordUri = await givenModel(ports.objectStore);
  ports.sageMaker.modelPackages.set((await loadModelRecord(ports.objectStore, modelRecordUri)).modelPackageArn, {
    ModelApprovalStatus: 'PendingManualApproval',
  } as never);
});

const deploy = (taskToken = 'token-1') =>
  deployEndpoint({ runUri: RUN_URI, modelRecordUri, taskToken }, ports, SETTINGS);

/** The steps that put a model into service, or vouch for it; each with what must have happened before. */
const STEPS: readonly [string, { before?: () => Promise<unknown>; step: () => Promise<unknown> }][] = [
  [
    'asked to be approved',
    { step: () => requestApproval({ runUri: RUN_URI, modelRecordUri, taskToken: 'token-2' }, ports) },
  ],
  ['deployed', { step: () => deploy('token-2') }],
  [
    'promoted, when it was swapped while the endpoint came up',
    { before: () => deploy(), step: () => smokeTest({ runUri: RUN_URI, endpointName: 'flights' }, ports) },
  ],
  [
    'scored with in a batch transform',
    {
      step: () =>
        transformDataset({ runUri: RUN_URI, modelRecordUri, taskToken: 'token-2', attemptId: 'e#0' }, ports, SETTINGS),
    },
  ],
];

describe.each(['modelArchive', 'sourceArchive'] as const)('a model whose %s was overwritten', (archive) => {
  it.each(STEPS)('isn’t %s', async (_, { before, step }) => {
    await before?.();
    const modelCount = ports.sageMaker.models.size;
    const { uri } = (await loadModelRecord(ports.objectStore, modelRecordUri))[archive];
    await ports.objectStore.put(uri, 'PWNED');

    await expect(step()).rejects.toMatchObject({ name: 'ModelChangedError', message: expect.stringContaining(uri) });
    expect(ports.sageMaker.models.size).toBe(modelCount);
    expect(ports.sageMaker.transformJobs.size).toBe(0);
    expect(ports.eventBus.events).toEqual([]);
    expect(ports.modelServer.requests).toEqual([]);
  });
});

it('a model that nobody touched passes all of them', async () => {
  for (const [, { step }] of STEPS.filter(([, { before }]) => !before)) await step();
  expect(ports.sageMaker.endpoints.size).toBe(1);
  expect(ports.sageMaker.transformJobs.size).toBe(1);
});
