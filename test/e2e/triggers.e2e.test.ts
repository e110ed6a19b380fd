import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { examineAll } from '#cli/commands/doctor.ts';
import { decideModel } from '#cli/decide-model.ts';
import type { DeployedPolicies } from '#local/iam/iam.ts';
import { functionArn } from '#local/lambda/functions.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { config } from '#shared/config.ts';
import { loadModelRecord } from '#shared/models/model-record.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { invokeFunction } from './invoke-function.ts';
import { openTestCloud, ROOT_DIR, type TestCloud } from './test-cloud.ts';

interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into what it expects
  readonly body: any;
}

const START_TRIGGERED_RUN = functionArn(LOCAL_ACCOUNT, 'fedml-serverless-local-startTriggeredRun');

/** What the permission of docs/examples/start-on-success-object.yml adds to the function's policy. */
const SALES_PERMISSION: DeployedPolicies = {
  roles: [],
  resourcePolicies: {
    [START_TRIGGERED_RUN]: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'lambda:InvokeFunction',
          Resource: START_TRIGGERED_RUN,
          Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:events:eu-central-1:000000000000:rule/SalesReplicated' } },
        },
      ],
    },
  },
};

describe('what starts runs', () => {
  let cloud: TestCloud;
  let projectDir: string;

  beforeAll(async () => {
    projectDir = await mkdtemp(join(tmpdir(), 'fedml-project-'));
    // The space's tables are filled from npm packages, which are looked for as Node does.
    await symlink(join(ROOT_DIR, 'node_modules'), join(projectDir, 'node_modules'));
    const pipelinesDir = join(projectDir, 'pipelines');
    const folder = join(pipelinesDir, 'tiny');
    await cp(join(ROOT_DIR, 'test', 'pipelines', 'tiny'), folder, { recursive: true });
    const definition = await readFile(join(folder, 'pipeline.yml'), 'utf8');
    await writeFile(
      join(folder, 'pipeline.yml'),
      `${definition.replace('target: sagemaker', 'target: sagemaker\n  approval: manual')}
schedule:
  - { rate: 12 hours, mode: train }
`,
    );
    // Each event comes twice, as EventBridge may deliver it.
    cloud = await openTestCloud({
      pipelinesDir,
      chaos: { duplicateEvery: 1 },
      isKept: true,
      otherPolicies: SALES_PERMISSION,
    });
  });

  afterAll(async () => {
    await cloud?.close();
    await rm(projectDir, { recursive: true, force: true });
  });

  const call = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> => {
    const isText = typeof body === 'string';
    const response = await fetch(`${cloud.api.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${cloud.api.token}`,
        ...(body !== undefined && { 'content-type': isText ? 'text/csv' : 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text,
    };
  };

  /** Asks until the answer is as wanted. */
  const until = async (path: string, isAsWanted: (body: Reply['body']) => boolean): Promise<Reply['body']> => {
    const deadline = Date.now() + 120_000;
    for (;;) {
      const { body } = await call('GET', path);
      if (isAsWanted(body)) return body;
      if (Date.now() > deadline) throw new Error(`${path} still says ${JSON.stringify(body)}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };
  const ended = (runId: string) => until(`/runs/${runId}`, ({ status }) => status !== 'running' && status !== 404);

  it('runs by a schedule, whose first time is its creation', async () => {
    const { runs } = await until('/runs?pipeline=tiny', (body) => body.runs.length > 0);

    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ pipeline: 'tiny', mode: 'train' });
    expect(await ended(runs[0].runId)).toMatchObject({ status: 'succeeded', endpointName: null });
  });

  it('runs by the HTTP API, waits for approval, and then predicts over it', async () => {
    const key = { 'idempotency-key': 'order-4711' };
    const first = await call('POST', '/pipelines/tiny/runs', { mode: 'full' }, key);
    const again = await call('POST', '/pipelines/tiny/runs', {}, key);
    const other = await call('POST', '/pipelines/tiny/runs', { mode: 'train' }, key);
    expect([first.status, again.status, other.status]).toEqual([202, 200, 409]);
    expect(again.body.runId).toBe(first.body.runId);
    expect(other.body.differences).toEqual(['mode: was "full", is "train"']);
    const { runId } = first.body;

    await waitForApproval();
    expect((await call('GET', `/runs/${runId}`)).body.status).toBe('running');
    const modelPackageArn = await decideModel({ runId, status: 'Approved', reason: 'Looks right.' });
    await expect(decideModel({ runId, status: 'Rejected', reason: 'Too late.' })).rejects.toThrow(/it is Approved/);

    const run = await ended(runId);
    expect(run).toMatchObject({
      status: 'succeeded',
      endpointName: 'tiny-local',
      predictions: { table: 'PENGUIN_SPECIES', rowCount: 34 },
    });
    expect(run.metrics.accuracy).toBeGreaterThan(0.8);
    const record = await loadModelRecord(s3ObjectStore(), await championUri());
    expect(record.modelPackageArn).toBe(modelPackageArn);
    const answer = await call('POST', '/pipelines/tiny/predict', { rows: await twoRows() });
    expect(answer).toMatchObject({ status: 200, body: { columns: ['SPECIES', 'CONFIDENCE'] } });
    expect(answer.body.predictions).toEqual([
      [expect.any(String), expect.any(Number)],
      [expect.any(String), expect.any(Number)],
    ]);
    const csv = (await twoRows()).map((row) => Object.values(row).join(',')).join('\n');
    expect((await call('POST', '/pipelines/tiny/predict', csv)).body.split('\n')).toHaveLength(3);
  });

  it('ends a run whose model is rejected', async () => {
    // The model of the run before is approved already, and would be taken again.
    const { body } = await call('POST', '/pipelines/tiny/runs', { overrides: { reuse: false } });
    await waitForApproval();

    await decideModel({ runId: body.runId, status: 'Rejected', reason: 'Trained on a holiday.' });

    expect(await ended(body.runId)).toMatchObject({
      status: 'failed',
      failure: { error: 'ModelRejectedError', cause: expect.stringContaining('Trained on a holiday.') },
    });
  });

  it('stops a run', async () => {
    const { body } = await call('POST', '/pipelines/tiny/runs', { mode: 'train', overrides: { reuse: false } });

    expect((await call('POST', `/runs/${body.runId}/stop`)).status).toBe(202);
    expect(await ended(body.runId)).toMatchObject({ status: 'stopped' });
  });

  it('runs by another team’s event, once for an event that comes twice', async () => {
    await putExampleRule();
    const before = (await call('GET', '/runs')).body.runs.length;

    await s3ObjectStore().put('s3://landing/replicated/sales/_SUCCESS', 'done');

    const { runs } = await until('/runs', (answer) => answer.runs.length > before);
    expect(await ended(runs[0].runId)).toMatchObject({ status: 'succeeded', mode: 'score', failure: null });
    expect((await call('GET', '/runs')).body.runs).toHaveLength(before + 1);
  });

  it('queues, skips or replaces while another run is going', async () => {
    const trigger = (occurrence: string, overlap: string) =>
      invokeFunction(cloud, 'startTriggeredRun', {
        pipeline: 'tiny',
        mode: 'train',
        trigger: 'sales',
        occurrence,
        overlap,
      });
    const first = await call('POST', '/pipelines/tiny/runs', { mode: 'train', overrides: { reuse: false } });

    const queued = await trigger('one', 'queue');
    const skipped = await trigger('two', 'skip');
    const replacing = await trigger('three', 'cancel');

    expect([queued.decision, skipped.decision, replacing.decision]).toEqual(['queued', 'skipped', 'started']);
    expect(await ended(first.body.runId)).toMatchObject({ status: 'stopped' });
    expect(await ended(replacing.runId)).toMatchObject({ status: 'succeeded' });
    await until('/runs?pipeline=tiny', ({ runs }) => runs.some((run: { runId: string }) => run.runId === queued.runId));
    expect(await ended(queued.runId)).toMatchObject({ status: 'succeeded' });
  });

  it('lets nobody in without the token', async () => {
    expect((await call('GET', '/runs', undefined, { authorization: 'Bearer wrong' })).status).toBe(401);
  });

  it('describes itself', async () => {
    expect((await call('GET', '/openapi.json')).body).toMatchObject({ openapi: '3.1.0' });
    expect((await call('GET', '/pipelines')).body.pipelines).toEqual([
      expect.objectContaining({ name: 'tiny', target: 'sagemaker', error: null }),
    ]);
  });

  /** The token of a state that waits for a person is kept until one has decided. */
  const waitForApproval = async (): Promise<void> => {
    for (;;) {
      for await (const _ of s3ObjectStore().list(`${config().storeUri}/tasks/approval/`)) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };

  const championUri = async (): Promise<string> => {
    const { text } = await s3ObjectStore().getText(`${config().storeUri}/models/tiny/champion.json`);
    return JSON.parse(text).modelRecordUri;
  };

  const twoRows = async (): Promise<Record<string, string>[]> => {
    const { runUri } = await loadModelRecord(s3ObjectStore(), await championUri());
    const { text } = await s3ObjectStore().getText(`${runUri}test/manifest.json`);
    const manifest = JSON.parse(text) as { columns: { name: string }[]; parts: { uri: string }[] };
    const lines = (await s3ObjectStore().getText(manifest.parts[0]!.uri)).text.split('\n').slice(1, 3);
    return lines.map((line) => {
      const fields = line.split(',');
      const named = manifest.columns.map(({ name }, index) => [name, fields[index]!] as const);
      return Object.fromEntries(named.filter(([name]) => !['PENGUIN_ID', 'SPECIES'].includes(name)));
    });
  };

  /** docs/examples/start-on-success-object.yml, with its parameters filled in as CloudFormation would. */
  const putExampleRule = async (): Promise<void> => {
    const s3 = new S3Client({});
    await s3.send(new CreateBucketCommand({ Bucket: 'landing' }));
    const NotificationConfiguration = { EventBridgeConfiguration: {} };
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'landing', NotificationConfiguration }));
    const parameters: Record<string, string> = {
      BucketName: 'landing',
      StartTriggeredRunFunctionArn: START_TRIGGERED_RUN,
    };
    const customTags = ['!Ref', '!GetAtt'].map((tag) => ({ tag, resolve: (name: string) => parameters[name] ?? name }));
    const text = await readFile(join(ROOT_DIR, 'docs', 'examples', 'start-on-success-object.yml'), 'utf8');
    const { EventPattern, Targets } = parse(text, { customTags }).Resources.SalesReplicatedRule.Properties;
    for (const target of Targets) {
      const { InputTransformer } = target;
      InputTransformer.InputTemplate = InputTransformer.InputTemplate.replace('flights', 'tiny');
    }
    const client = new EventBridgeClient({});
    await client.send(new PutRuleCommand({ Name: 'SalesReplicated', EventPattern: JSON.stringify(EventPattern) }));
    await client.send(new PutTargetsCommand({ Rule: 'SalesReplicated', Targets }));
  };

  it('is found well by the doctor, who leaves nothing behind', async () => {
    const findings = await examineAll();

    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(findings.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining([
        'warehouse login',
        'warehouse privileges',
        'view V_PENGUINS of tiny',
        'endpoint tiny-local',
      ]),
    );
    for await (const { uri } of s3ObjectStore().list(`${config().storeUri}/doctor/`)) expect.fail(uri);
  });

  it('has every version in the registry', async () => {
    const record = await loadModelRecord(s3ObjectStore(), await championUri());

    expect(await sageMaker().describeModelPackage(record.modelPackageArn)).toMatchObject({
      ModelPackageGroupName: 'tiny-local',
      ModelApprovalStatus: 'Approved',
      ApprovalDescription: 'Looks right.',
      CustomerMetadataProperties: expect.objectContaining({ view: 'FLIGHTS.V_PENGUINS' }),
    });
  });
});
