import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeEndpointCommand, DescribeModelCommand, ListTagsCommand } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { expect, it } from 'vitest';
import { isAlive } from '#test/local/is-alive.ts';
import { BUCKET, openLaptop, until } from './laptop.ts';

const INTERRUPTED = 'InternalServerError: We encountered an internal error. Please try again.';

const SERVE = `
import os, time
def model_fn(folder): return open(os.path.join(folder, "name")).read()
def transform_fn(model, body, content_type, accept):
    if "sleep" in body: time.sleep(60)
    return model + " " + str(os.getpid()), "text/csv"
`;

it('fails running jobs after a restart, with an event, and brings endpoints back', async () => {
  const laptop = await openLaptop();
  await laptop.createModel('model', SERVE, { name: 'kept' });
  await laptop.createEndpointConfig('model', [{}]);
  await laptop.deploy('model');
  await laptop.put('in/rows.csv', 'sleep');
  await laptop.train('done', 'print("quick")', { Tags: [{ Key: 'run', Value: 'r-1' }] });
  await laptop.trained('done');
  await laptop.train('running', 'import time; time.sleep(60)');
  const transforming = laptop.transform({
    TransformJobName: 'transforming',
    ModelName: 'model',
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://${BUCKET}/in/` } },
      ContentType: 'text/csv',
    },
    TransformOutput: { S3OutputPath: `s3://${BUCKET}/out` },
    TransformResources: { InstanceCount: 1, InstanceType: 'ml.m5.large' },
  });
  await until(
    laptop.events,
    ({ detail }) => detail.TrainingJobName === 'running' && detail.SecondaryStatus === 'Training',
  );
  const eventCount = laptop.events.length;

  await laptop.restart();
  const invoke = async () => {
    const command = new InvokeEndpointCommand({ EndpointName: 'model', Body: 'x', ContentType: 'text/csv' });
    return Buffer.from((await laptop.runtime.send(command)).Body).toString();
  };

  expect(await laptop.trained('running')).toMatchObject({ TrainingJobStatus: 'Failed', FailureReason: INTERRUPTED });
  expect(await transforming).toMatchObject({ TransformJobStatus: 'Failed', FailureReason: INTERRUPTED });
  const announced = laptop.events
    .slice(eventCount)
    .map(({ detail }) => detail.TrainingJobName ?? detail.TransformJobName);
  expect(announced.sort()).toEqual(['running', 'transforming']);
  const done = await laptop.trained('done');
  expect(done).toMatchObject({ TrainingJobStatus: 'Completed', CreationTime: expect.any(Date) });
  expect((await laptop.sagemaker.send(new ListTagsCommand({ ResourceArn: done.TrainingJobArn }))).Tags).toEqual([
    { Key: 'run', Value: 'r-1' },
  ]);
  expect(await laptop.sagemaker.send(new DescribeModelCommand({ ModelName: 'model' }))).toMatchObject({
    ModelName: 'model',
  });
  expect(await invoke()).toMatch(/^kept \d+$/);
  await laptop.close();
});

it('goes on with a deployment that a restart interrupted', async () => {
  const laptop = await openLaptop();
  await laptop.createModel('slow', `import time\ntime.sleep(1)\n${SERVE}`, { name: 'slow' });
  await laptop.createEndpointConfig('slow', [{}]);
  const deploying = laptop.deploy('slow');
  await until(laptop.events, ({ detail }) => detail.EndpointStatus === 'CREATING');

  await laptop.restart();

  expect(await laptop.sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'slow' }))).toMatchObject({
    EndpointStatus: 'Creating',
  });
  expect((await deploying).EndpointStatus).toBe('InService');
  await laptop.close();
});

it('leaves nothing behind when it is closed', async () => {
  const laptop = await openLaptop();
  await laptop.createModel('model', SERVE, { name: 'served' });
  await laptop.createEndpointConfig('model', [{}]);
  await laptop.deploy('model');
  const command = new InvokeEndpointCommand({ EndpointName: 'model', Body: 'x', ContentType: 'text/csv' });
  const pid = Number(
    Buffer.from((await laptop.runtime.send(command)).Body)
      .toString()
      .split(' ')[1],
  );
  await laptop.train('running', 'import time; time.sleep(60)');
  await until(laptop.events, ({ detail }) => detail.SecondaryStatus === 'Training');

  await laptop.restart();

  expect(isAlive(pid)).toBe(false);
  expect(existsSync(join(laptop.folder, 'sagemaker', 'work', 'training'))).toBe(false);
  await laptop.close();
});

it('takes its Pythons along when its process is killed', async () => {
  const temporary = await mkdtemp(join(tmpdir(), 'killed-'));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'busy-process.ts')], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk) => resolve(String(chunk)));
    child.once('exit', () => reject(new Error('The process ended by itself.')));
  });
  const { pids } = JSON.parse(line) as { pids: number[] };
  const socketFolders = async () => (await readdir(temporary)).filter((name) => name.startsWith('fedml-model-'));
  const before = await socketFolders();
  const wereAlive = pids.map(isAlive);

  child.kill('SIGKILL');

  expect(wereAlive).toEqual([true, true, true, true]);
  await expect.poll(() => pids.filter(isAlive), { timeout: 5_000 }).toEqual([]);
  expect(before).toHaveLength(1);
  expect(await socketFolders()).toEqual([]);
  await rm(temporary, { recursive: true });
});
