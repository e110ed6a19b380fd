import { beforeEach, describe, expect, it } from 'vitest';
import { requestApproval as requestApprovalStep } from '#functions/deployment/request-approval/request-approval.ts';
import { resumeTask as resumeTaskStep } from '#functions/events/resume-task/resume-task.ts';
import { ResumeTaskInput } from '#functions/events/resume-task/schema.ts';
import { granted } from '#test/functions/granted.ts';
import { inMemoryEventBus } from '#test/shared/event-bus/in-memory.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryPorts, inMemoryPorts, keptTasks } from '#test/shared/tasks/ports.ts';

const requestApproval = granted('requestApproval', requestApprovalStep);
const resumeTask = granted('resumeTask', resumeTaskStep);

const ARN = 'arn:aws:sagemaker:eu-central-1:000000000000:model-package/flights/12';

let ports: InMemoryPorts & { eventBus: ReturnType<typeof inMemoryEventBus> };
let modelRecordUri: string;
beforeEach(async () => {
  ports = { ...inMemoryPorts('token-1', 'token-2'), eventBus: inMemoryEventBus() };
  modelRecordUri = await givenModel(ports.objectStore, { modelPackageArn: ARN, metrics: { auc: 0.7 } });
});

const given = (ModelApprovalStatus: string, ApprovalDescription?: string) =>
  ports.sageMaker.modelPackages.set(ARN, { ModelApprovalStatus, ApprovalDescription } as never);
const request = (taskToken = 'token-1') => requestApproval({ runUri: RUN_URI, modelRecordUri, taskToken }, ports);
const hear = (arn = ARN) =>
  resumeTask(
    ResumeTaskInput.parse({
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Model Package State Change',
      detail: { ModelPackageGroupName: 'flights', ModelPackageVersion: 12, ModelPackageArn: arn },
    }),
    ports,
    { storeUri: STORE_URI },
  );

describe('requestApproval', () => {
  it('goes on at once with a model that is approved, and asks nobody', async () => {
    given('Approved');

    await request();

    expect(ports.taskTokens.successes.get('token-1')).toEqual({ modelPackageArn: ARN });
    expect(ports.eventBus.events).toEqual([]);
    expect(keptTasks(ports)).toEqual([]);
  });

  it('waits for a person, and tells the bus that one is needed', async () => {
    given('PendingManualApproval');

    await request();

    expect(ports.taskTokens.waiting.has('token-1')).toBe(true);
    expect(keptTasks(ports)).toHaveLength(1);
    expect(ports.eventBus.events).toEqual([
      {
        detailType: 'Approval Requested',
        detail: { runUri: RUN_URI, modelRecordUri, modelPackageArn: ARN, metrics: { auc: 0.7 } },
      },
    ]);
  });

  it('goes on when the registry’s event tells of the approval', async () => {
    given('PendingManualApproval');
    await request();
    given('Approved');

    expect(await hear()).toEqual({ answered: 1, dropped: 0, waiting: 0, orphaned: 0 });
    expect(ports.taskTokens.successes.has('token-1')).toBe(true);
  });

  it('fails with the reason of whoever rejected the model', async () => {
    given('PendingManualApproval');
    await request();
    given('Rejected', 'Trained on a holiday.');

    await hear();

    expect(ports.taskTokens.failures.get('token-1')).toMatchObject({
      error: 'ModelRejectedError',
      cause: expect.stringContaining('Trained on a holiday.'),
    });
  });

  it('goes on waiting when the event is about another change of the version, or another version', async () => {
    given('PendingManualApproval');
    await request();

    expect(await hear()).toEqual({ answered: 0, dropped: 0, waiting: 1, orphaned: 0 });
    expect(await hear(ARN.replace('/12', '/1'))).toEqual({ answered: 0, dropped: 0, waiting: 0, orphaned: 0 });
  });
});
