import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrainingJobName } from '#functions/pipeline/resolve-run/schema.ts';
import { resumptionName } from '#shared/executions/resumptions.ts';
import { names as kymaNames } from '#shared/kyma/ownership.ts';
import { PipelineDefinition, PipelineName } from '#shared/pipeline/definition.ts';
import { lastingName, runFolderUri, runResourceName } from '#shared/pipeline/run.ts';
import { newRunName, runNameFor } from '#shared/pipeline/run-name.ts';
import { stagingTableName } from '#shared/predictions/write-record.ts';
import { endpointConfigRequest, endpointNameOf } from '#shared/sagemaker/endpoint.ts';
import { contentName, modelPrefix } from '#shared/sagemaker/model.ts';
import { modelPackageTaskName } from '#shared/sagemaker/model-package.ts';
import { keepTask, waitingTasks } from '#shared/tasks/task-store.ts';
import { triggeredRunName } from '#shared/triggers/triggered-run.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { definitionOf, STORE_URI } from '#test/shared/pipeline/fixture.ts';

/** Patterns and lengths of the services' own models. */
const AWS = {
  execution: /^[A-Za-z0-9_-]{1,80}$/,
  trainingJob: /^(?=.{1,63}$)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/,
  model: /^(?=.{1,63}$)[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/,
  endpoint: /^(?=.{1,63}$)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/,
  modelPackageGroup: /^(?=.{1,63}$)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/,
  dnsLabel: /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
};

const PIPELINES = /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/;
const STAGES = /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,28}[a-zA-Z0-9])?$/;
const RUN_IDS = /^[A-Za-z0-9_-]{1,80}$/;
const LONGEST = { pipeline: `p${'-'.repeat(30)}q`, stage: `s${'-'.repeat(28)}t`, runId: 'r'.repeat(80) };

const owners = fc.record({
  pipeline: fc.oneof(fc.stringMatching(PIPELINES), fc.constant(LONGEST.pipeline)),
  stage: fc.oneof(fc.stringMatching(STAGES), fc.constant(LONGEST.stage)),
  runId: fc.oneof(fc.stringMatching(RUN_IDS), fc.constant(LONGEST.runId)),
});
type Owner = { readonly pipeline: string; readonly stage: string; readonly runId: string };

const runUriOf = ({ pipeline, runId }: Owner) => runFolderUri(STORE_URI, pipeline, runId);
const jobOf = (owner: Owner) => runResourceName({ pipeline: owner.pipeline, runUri: runUriOf(owner) });
const sageMaker = PipelineDefinition.shape.deployment.unwrap().parse({ target: 'sagemaker' }) as never;

describe('the longest name that is composed', () => {
  it('may be that of the longest pipeline, in the longest stage', () => {
    expect(PipelineName.safeParse(LONGEST.pipeline).success).toBe(true);
    expect(PipelineName.safeParse(`${LONGEST.pipeline}r`).success).toBe(false);
  });

  it.each<[string, RegExp, (owner: Owner) => string]>([
    ['an execution', AWS.execution, ({ pipeline }) => newRunName(pipeline)],
    [
      'an execution by its cause',
      AWS.execution,
      ({ pipeline, runId }) => runNameFor(pipeline, ['Idempotency-Key', runId]),
    ],
    [
      'a triggered execution',
      AWS.execution,
      ({ pipeline }) => triggeredRunName({ pipeline, trigger: 't'.repeat(64), occurrence: 'o'.repeat(256) } as never),
    ],
    ['a resumption', AWS.execution, ({ runId }) => resumptionName(runId, 999)],
    ['a training job', AWS.trainingJob, jobOf],
    ['the last attempt of a job', AWS.trainingJob, (owner) => `${jobOf(owner)}-20`],
    ['a model', AWS.model, (owner) => contentName(modelPrefix(`${jobOf(owner)}-20`), 'content')],
    ['a model of a job from elsewhere', AWS.model, () => contentName(modelPrefix('J'.repeat(63)), 'content')],
    [
      'an endpoint configuration',
      AWS.endpoint,
      (owner) =>
        endpointConfigRequest(modelPrefix(`${jobOf(owner)}-20`), 'model', sageMaker, { tags: [] }).EndpointConfigName,
    ],
    ['an endpoint', AWS.endpoint, (owner) => endpointNameOf(owner, sageMaker)],
    ['a model package group', AWS.modelPackageGroup, lastingName],
    ['a workload on Kyma', AWS.dnsLabel, ({ pipeline }) => kymaNames({ pipeline, settings: {} as never }).workload],
    ['a pull secret', AWS.dnsLabel, ({ pipeline }) => kymaNames({ pipeline, settings: {} as never }).pullSecret],
    ['a staging table', /^\w{1,127}$/, () => stagingTableName('f'.repeat(64))],
  ])('is one that its service takes: %s', (_, pattern, nameOf) => {
    fc.assert(fc.property(owners, (owner) => void expect(nameOf(owner)).toMatch(pattern)));
  });

  it('is found again among the tasks, also that of an approval with many versions', async () => {
    await fc.assert(
      fc.asyncProperty(owners, fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (owner, version) => {
        const objectStore = inMemoryObjectStore();
        const modelPackageArn = `arn:aws:sagemaker:eu-central-1:000000000000:model-package/${lastingName(owner)}/${version}`;
        const kept = { runUri: runUriOf(owner), token: 'token', createdAt: '2026-03-01T06:00:00.000Z' };
        const approval = modelPackageTaskName(modelPackageArn);
        await keepTask(objectStore, STORE_URI, { kind: 'approval', name: approval, modelPackageArn, ...kept });
        await keepTask(objectStore, STORE_URI, { kind: 'training', name: `${jobOf(owner)}-20`, ...kept });

        const found: string[] = [];
        for await (const { task } of waitingTasks(objectStore, STORE_URI)) found.push(task.name);

        expect(found.toSorted()).toEqual([approval, `${jobOf(owner)}-20`].toSorted());
      }),
      { numRuns: 30 },
    );
  });

  it('is one that can be read again, or isn’t kept at all', async () => {
    const task = {
      kind: 'training',
      name: 'x'.repeat(200),
      runUri: `${STORE_URI}/runs/flights/run-1/`,
      token: 'token',
      createdAt: '2026-03-01T06:00:00.000Z',
    } as const;

    await expect(keepTask(inMemoryObjectStore(), STORE_URI, task)).rejects.toThrow(/name/);
  });
});

describe('a name that somebody gives', () => {
  const hyphens = `a${'-'.repeat(70)}b`;

  it('is no longer than its service takes', () => {
    expect(TrainingJobName.safeParse('J'.repeat(63)).success).toBe(true);
    expect(TrainingJobName.safeParse(hyphens).success).toBe(false);
    expect(() => definitionOf({ deployment: { target: 'sagemaker', endpointName: hyphens } })).toThrow(/1-63/);
  });
});
