import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { resumeTask as resumeTaskStep } from '#functions/events/resume-task/resume-task.ts';
import { ResumeTaskInput } from '#functions/events/resume-task/schema.ts';
import { openLogFiles } from '#local/cloudwatch-logs/log-files.ts';
import { startCloudWatchLogs } from '#local/cloudwatch-logs/server.ts';
import { openImagePolicies } from '#local/registry/open-images.ts';
import { startS3 } from '#local/s3/start-s3.ts';
import { pythonInterpreter } from '#local/sagemaker/python-interpreter.ts';
import { startSageMaker } from '#local/sagemaker/server.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { cloudWatchJobLog } from '#shared/sagemaker/cloudwatch-logs.ts';
import { frameworkImageUris } from '#shared/sagemaker/image-uris.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { sageMakerModelServer } from '#shared/sagemaker/sagemaker-runtime.ts';
import { granted } from '#test/functions/granted.ts';
import { roleArn, roleFor } from '#test/local/iam/roles.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';
import { STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryTaskTokens, inMemoryTaskTokens } from '#test/shared/tasks/in-memory.ts';

const resumeTask = granted('resumeTask', resumeTaskStep);

/**
 * The laptop's SageMaker, S3 and logs behind the production adapters, with the production function that hears SageMaker's
 * events. Every event comes twice. Only the waiting states are of the test: `answered` resolves with what one was told.
 */
export const openSageMaker = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'fedml-sagemaker-'));
  const account = LOCAL_ACCOUNT;
  const iam = testIam({
    roles: ['training', 'model'].map((name) => roleFor('sagemaker.amazonaws.com', roleArn(name))),
    resourcePolicies: openImagePolicies(frameworkImageUris({ region: account.region, scope: 'training' })),
  });
  const s3 = await startS3({ dataDir: join(dataDir, 's3'), account, iam });
  const logs = openLogFiles(join(dataDir, 'logs'));
  const logServer = await startCloudWatchLogs({ account, iam, logs });
  const taskTokens = inMemoryTaskTokens();
  const resumed: Promise<unknown>[] = [];
  const sageMakerServer = await startSageMaker({
    dataDir: join(dataDir, 'sagemaker'),
    account,
    iam,
    s3Endpoint: s3.url,
    python: await pythonInterpreter('.'),
    logs,
    settings: { containerStartupTimeoutMs: 5_000 },
    emit: (event) => {
      const heard = ResumeTaskInput.safeParse(JSON.parse(JSON.stringify(event)));
      if (heard.success)
        for (const _ of ['once', 'twice']) resumed.push(resumeTask(heard.data, ports, { storeUri: STORE_URI }));
    },
  });
  const clientOf = (endpoint: string) => ({
    endpoint,
    region: account.region,
    credentials: PERSON,
  });
  const s3Client = new S3Client(clientOf(s3.url));
  await s3Client.send(new CreateBucketCommand({ Bucket: 'store' }));
  const jobLog = cloudWatchJobLog(new CloudWatchLogsClient(clientOf(logServer.url)));
  const ports = {
    objectStore: s3ObjectStore(s3Client),
    sageMaker: sageMaker(new SageMakerClient(clientOf(sageMakerServer.url))),
    jobLog,
    modelServer: sageMakerModelServer({
      client: new SageMakerRuntimeClient(clientOf(sageMakerServer.runtimeUrl)),
      log: jobLog,
    }),
    taskTokens,
    openCluster: () => Promise.reject(new Error('No cluster is needed.')),
  };
  return {
    ports,
    settings: {
      region: account.region,
      trainingRoleArn: roleArn('training'),
      modelRoleArn: roleArn('model'),
    },
    /** Starts a waiting step with a token and resolves with what its state is answered. */
    answered: async (start: (taskToken: string) => Promise<unknown>) => {
      const token = `token-${taskTokens.successes.size + taskTokens.failures.size + 1}`;
      taskTokens.waiting.add(token);
      await start(token);
      return answerOf(taskTokens, token);
    },
    async close() {
      await sageMakerServer.close();
      await Promise.all(resumed);
      await logServer.close();
      await s3.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};

const PATIENCE_MS = 50_000;

const answerOf = async ({ waiting, successes, failures }: InMemoryTaskTokens, token: string) => {
  const deadline = Date.now() + PATIENCE_MS;
  while (waiting.has(token)) {
    if (Date.now() > deadline) throw new Error('No event answered the waiting state.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { success: successes.get(token), failure: failures.get(token) };
};
