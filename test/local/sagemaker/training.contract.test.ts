import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteTrainingJobCommand,
  DescribeTrainingJobCommand,
  ListCodeRepositoriesCommand,
  ListTagsCommand,
  ListTrainingJobsCommand,
  StopTrainingJobCommand,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Laptop } from './laptop.ts';
import { BUCKET, channel, IMAGE, openLaptop, trainingRequest, until } from './laptop.ts';

let laptop: Laptop;
beforeAll(async () => {
  laptop = await openLaptop({ settings: { quotas: { 'ml.p3.2xlarge for training job usage': 0 } } });
});
afterAll(() => laptop.close());

const SKLEARN_SCRIPT = `
import argparse, json, os
import joblib, pandas as pd
from sklearn.linear_model import LogisticRegression

def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("-C", type=float)
    parser.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"])
    arguments, _ = parser.parse_known_args()
    rows = pd.read_csv(os.path.join(arguments.train, "part", "rows.csv"), header=None)
    model = LogisticRegression(C=arguments.C).fit(rows[[1, 2]].to_numpy(), rows[0])
    joblib.dump(model, os.path.join(os.environ["SM_MODEL_DIR"], "model.joblib"))
    with open(os.path.join(os.environ["SM_OUTPUT_DATA_DIR"], "metrics.json"), "w") as file:
        json.dump({"rows": len(rows)}, file)
    print("train_accuracy=0.25;")
    print("train_accuracy=%.2f;" % model.score(rows[[1, 2]].to_numpy(), rows[0]))
`;

const WRITES_MODEL = `
import os
open(os.path.join(os.environ["SM_MODEL_DIR"], "model.txt"), "w").write("trained")
`;

describe('a training job', () => {
  it('trains the script on the channel, and leaves model, output, metrics and log', async () => {
    await laptop.put('data/part/rows.csv', '0,1,1\n0,1,2\n1,8,9\n1,9,8\n');

    const { TrainingJobArn } = await laptop.train('Flights-1', SKLEARN_SCRIPT, {
      HyperParameters: {
        ...trainingRequest('Flights-1', `s3://${BUCKET}/code/Flights-1/sourcedir.tar.gz`).HyperParameters,
        C: '10.0',
      },
      InputDataConfig: [channel('train', `s3://${BUCKET}/data`)],
      AlgorithmSpecification: {
        TrainingImage: 'x.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3',
        TrainingInputMode: 'FastFile',
        MetricDefinitions: [{ Name: 'train:accuracy', Regex: 'train_accuracy=([0-9.]+);' }],
      },
    });
    const job = await laptop.trained('Flights-1');

    expect(TrainingJobArn).toBe('arn:aws:sagemaker:eu-central-1:000000000000:training-job/flights-1');
    expect(job).toMatchObject({
      TrainingJobStatus: 'Completed',
      SecondaryStatus: 'Completed',
      ModelArtifacts: { S3ModelArtifacts: `s3://${BUCKET}/out/Flights-1/output/model.tar.gz` },
      FinalMetricDataList: [{ MetricName: 'train:accuracy', Value: 1 }],
    });
    expect(job.BillableTimeInSeconds).toBeGreaterThanOrEqual(1);
    expect(job.SecondaryStatusTransitions?.map(({ Status }) => Status)).toEqual([
      'Starting',
      'Downloading',
      'Training',
      'Uploading',
      'Completed',
    ]);
    expect(await readdir(await laptop.unpack('out/Flights-1/output/model.tar.gz'))).toEqual(['model.joblib']);
    const output = await laptop.unpack('out/Flights-1/output/output.tar.gz');
    expect(JSON.parse(await readFile(join(output, 'metrics.json'), 'utf8'))).toEqual({ rows: 4 });
    expect(await laptop.trainingLog('Flights-1')).toMatch(
      /WARNING: the image has scikit-learn 1\.2.*\n.*0\.25.*\n.*1\.00/,
    );
    expect(laptop.logs.streams('/aws/sagemaker/TrainingJobs')[0]?.name).toMatch(/^Flights-1\/algo-1-\d{10}$/);
  });

  it('announces every status in the shape of the real event', async () => {
    await laptop.train('announced', WRITES_MODEL, {
      Tags: [{ Key: 'run', Value: 'r-1' }],
      Environment: { SECRET: 'kept out of events' },
    });
    await laptop.trained('announced');

    const events = laptop.events.filter(({ detail }) => detail.TrainingJobName === 'announced');
    expect(events.map(({ detail }) => [detail.TrainingJobStatus, detail.SecondaryStatus])).toEqual([
      ['InProgress', 'Starting'],
      ['InProgress', 'Downloading'],
      ['InProgress', 'Training'],
      ['InProgress', 'Uploading'],
      ['Completed', 'Completed'],
    ]);
    const last = events.at(-1)!;
    expect(last).toMatchObject({
      version: '0',
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Training Job State Change',
      account: '000000000000',
      region: 'eu-central-1',
      resources: ['arn:aws:sagemaker:eu-central-1:000000000000:training-job/announced'],
      detail: {
        Tags: { run: 'r-1' },
        FailureReason: null,
        CreationTime: expect.any(Number),
        TrainingEndTime: expect.any(Number),
        HyperParameters: { sagemaker_program: '"train.py"' },
      },
    });
    expect(last.detail.CreationTime).toBeGreaterThan(1.7e12);
    expect(JSON.stringify(events)).not.toContain('SECRET');
    const { Tags } = await laptop.sagemaker.send(new ListTagsCommand({ ResourceArn: last.resources[0] }));
    expect(Tags).toEqual([{ Key: 'run', Value: 'r-1' }]);
  });

  it('copies every object below a prefix, with its sub-folders, and skips folder markers', async () => {
    for (const key of ['mixed/', 'mixed/a.csv', 'mixed/deep/er/b.csv', 'mixed/part-1/c.csv', 'mixed-2/d.csv']) {
      await laptop.put(`tree/${key}`, key);
    }

    await laptop.train(
      'tree',
      `
import os
for name in ("folder", "names", "one"):
    base = os.environ["SM_CHANNEL_" + name.upper()]
    print(name, sorted(os.path.relpath(os.path.join(d, f), base) for d, _, files in os.walk(base) for f in files))
`,
      {
        InputDataConfig: [
          channel('folder', `s3://${BUCKET}/tree/mixed`),
          channel('names', `s3://${BUCKET}/tree/mixed/part-`),
          channel('one', `s3://${BUCKET}/tree/mixed/a.csv`),
        ],
      },
    );
    await laptop.trained('tree');

    expect(await laptop.trainingLog('tree')).toBe(
      [
        "folder ['a.csv', 'deep/er/b.csv', 'mixed-2/d.csv', 'part-1/c.csv']",
        "names ['part-1/c.csv']",
        "one ['a.csv']",
      ].join('\n'),
    );
  });

  it('goes on without metrics when their patterns take too long', async () => {
    await laptop.train('careless', 'print("accuracy=1;"); print("a" * 60 + "!")', {
      AlgorithmSpecification: {
        TrainingImage: IMAGE,
        TrainingInputMode: 'File',
        MetricDefinitions: [{ Name: 'careless', Regex: '^(a+)+$' }],
      },
    });
    const job = await laptop.trained('careless');

    expect(job.TrainingJobStatus).toBe('Completed');
    expect(await laptop.trainingLog('careless')).toContain('WARNING: The log is not searched for metrics any more');
  });

  it('packs an empty model when the script writes none, as SageMaker does', async () => {
    await laptop.train('no-model', 'print("nothing to see")');
    const job = await laptop.trained('no-model');

    expect(job.TrainingJobStatus).toBe('Completed');
    expect(await readdir(await laptop.unpack('out/no-model/output/model.tar.gz'))).toEqual([]);
    expect(await laptop.keys('out/no-model/')).toEqual(['out/no-model/output/model.tar.gz']);
  });

  it('restores checkpoints before the script and keeps them after it', async () => {
    await laptop.put('checkpoints/epoch', '1');

    await laptop.train(
      'resumes',
      `
import json, os
folder = json.load(open(os.path.join(os.environ["SM_INPUT_CONFIG_DIR"], "checkpointconfig.json")))["LocalPath"]
epoch = int(open(os.path.join(folder, "epoch")).read())
open(os.path.join(folder, "epoch"), "w").write(str(epoch + 1))
`,
      { CheckpointConfig: { S3Uri: `s3://${BUCKET}/checkpoints` } },
    );
    await laptop.trained('resumes');

    expect(await laptop.read('checkpoints/epoch')).toBe('2');
  });

  it('says in its log that requirements.txt is not installed, unless asked for', async () => {
    await laptop.train('requirements', { 'train.py': 'print("ran")', 'requirements.txt': 'surely-not-installed\n' });
    await laptop.trained('requirements');

    expect(await laptop.trainingLog('requirements')).toMatch(/^WARNING: requirements.txt is not installed.*\nran$/);
  });

  it('removes its folder when it is over', async () => {
    await laptop.train('tidy', WRITES_MODEL);
    await laptop.trained('tidy');
    await new Promise((resolve) => setTimeout(resolve, 100));

    expect(existsSync(join(laptop.folder, 'sagemaker', 'work', 'training', 'tidy'))).toBe(false);
  });
});

const WAITS = `
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: print("got SIGTERM", flush=True))
open(os.path.join(os.environ["SM_MODEL_DIR"], "half"), "w").write("trained")
print("waiting", flush=True)
time.sleep(60)
`;

describe('a stopped job', () => {
  it('ends as Stopped, without a SIGTERM, and still has the model so far', async () => {
    await laptop.train('stopped', WAITS);
    await until(
      laptop.events,
      ({ detail }) => detail.TrainingJobName === 'stopped' && detail.SecondaryStatus === 'Training',
    );
    while (!(await laptop.trainingLog('stopped')).includes('waiting'))
      await new Promise((resolve) => setTimeout(resolve, 20));

    await laptop.sagemaker.send(new StopTrainingJobCommand({ TrainingJobName: 'stopped' }));
    const job = await laptop.trained('stopped');

    expect(job).toMatchObject({ TrainingJobStatus: 'Stopped', SecondaryStatus: 'Stopped' });
    expect(job.SecondaryStatusTransitions?.map(({ Status }) => Status)).toContain('Stopping');
    expect(await laptop.trainingLog('stopped')).not.toContain('SIGTERM');
    expect(await readdir(await laptop.unpack('out/stopped/output/model.tar.gz'))).toEqual(['half']);
    await expect(
      laptop.sagemaker.send(new StopTrainingJobCommand({ TrainingJobName: 'stopped' })),
    ).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'The request was rejected because the training job is in status Stopped.',
    });
  });

  it('ends as MaxRuntimeExceeded when it takes too long', async () => {
    await laptop.train('slow', WAITS, { StoppingCondition: { MaxRuntimeInSeconds: 1 } });
    const job = await laptop.trained('slow');

    expect(job).toMatchObject({ TrainingJobStatus: 'Stopped', SecondaryStatus: 'MaxRuntimeExceeded' });
    expect(job.FailureReason).toBeUndefined();
  });

  it('can be stopped before its data has come', async () => {
    const slow = await openLaptop({ settings: { startDelayMs: 30_000 } });
    await slow.train('early', WAITS);

    await slow.sagemaker.send(new StopTrainingJobCommand({ TrainingJobName: 'early' }));
    const job = await slow.trained('early');

    expect(job).toMatchObject({ TrainingJobStatus: 'Stopped', SecondaryStatus: 'Stopped' });
    expect(job.ModelArtifacts).toBeUndefined();
    await slow.close();
  });
});

describe('the names of jobs', () => {
  it('are taken for ever, in any case, until the job is deleted', async () => {
    await laptop.train('taken', WRITES_MODEL);
    await laptop.trained('taken');

    await expect(laptop.train('TAKEN', WRITES_MODEL)).rejects.toMatchObject({
      name: 'ResourceInUse',
      message:
        'Training job names must be unique within an AWS account and region, and a training job with this name already exists ' +
        '(arn:aws:sagemaker:eu-central-1:000000000000:training-job/taken)',
    });
    await laptop.sagemaker.send(new DeleteTrainingJobCommand({ TrainingJobName: 'taken' }));
    await laptop.train('taken', WRITES_MODEL);
    expect((await laptop.trained('taken')).TrainingJobStatus).toBe('Completed');
  });

  it('that are unknown give a ValidationException, not a ResourceNotFound', async () => {
    for (const Command of [DescribeTrainingJobCommand, StopTrainingJobCommand]) {
      await expect(
        laptop.sagemaker.send(new Command({ TrainingJobName: 'unknown' }) as DescribeTrainingJobCommand),
      ).rejects.toMatchObject({
        name: 'ValidationException',
        message: 'Requested resource not found.',
      });
    }
  });

  it('are listed page by page', async () => {
    for (const name of ['page-1', 'page-2', 'page-3']) await laptop.train(name, WRITES_MODEL);
    for (const name of ['page-1', 'page-2', 'page-3']) await laptop.trained(name);
    const list = { NameContains: 'PAGE', SortBy: 'Name' as const, MaxResults: 2, StatusEquals: 'Completed' as const };

    const first = await laptop.sagemaker.send(new ListTrainingJobsCommand(list));
    const second = await laptop.sagemaker.send(new ListTrainingJobsCommand({ ...list, NextToken: first.NextToken }));

    const names = [first, second].map(({ TrainingJobSummaries }) =>
      TrainingJobSummaries?.map(({ TrainingJobName }) => TrainingJobName),
    );
    expect(names).toEqual([['page-1', 'page-2'], ['page-3']]);
    expect(second.NextToken).toBeUndefined();
  });
});

describe('a request that can’t be run', () => {
  it('is refused with all of its problems at once, in AWS’s words', async () => {
    const request = laptop.train('not_a_name', '', {
      RoleArn: 'nobody',
      AlgorithmSpecification: { TrainingImage: 'image', TrainingInputMode: 'Pipe' },
      ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 2, VolumeSizeInGB: 30 },
      Tags: [{ Key: '', Value: 'x' }],
    });

    await expect(request).rejects.toMatchObject({
      name: 'ValidationException',
      message: [
        "6 validation errors detected: Value 'not_a_name' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        "Value 'Pipe' at 'algorithmSpecification.trainingInputMode' failed to satisfy constraint: The laptop's SageMaker reads channels in the modes File and FastFile; Pipe is not supported",
        "Value 'nobody' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20",
        "Value 'nobody' at 'roleArn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
        "Value '2' at 'resourceConfig.instanceCount' failed to satisfy constraint: The laptop's SageMaker trains on one instance; InstanceCount must be 1",
        "Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1",
      ].join('; '),
    });
  });

  it('is refused when it needs what a laptop has not', async () => {
    const refusals: [Parameters<Laptop['train']>[2], RegExp][] = [
      [{ HyperParameters: {} }, /sagemaker_program.*script mode.*sagemaker_submit_directory/],
      [
        { InputDataConfig: [{ ...channel('a', 's3://b/c'), CompressionType: 'Gzip' }] },
        /inputDataConfig.1.member.compressionType/,
      ],
      [{ InputDataConfig: [channel('a', 's3://b/c'), channel('a', 's3://b/d')] }, /Channel names must be unique/],
      [{ InputDataConfig: [channel('..', 's3://b/c')] }, /channelName/],
      [
        { ResourceConfig: { InstanceType: 'ml.m5' as 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 30 } },
        /resourceConfig.instanceType/,
      ],
      [{ EnableManagedSpotTraining: true }, /maxWaitTimeInSeconds.*greater than or equal to MaxRuntimeInSeconds/],
      [{ CheckpointConfig: { S3Uri: 's3://b/c', LocalPath: '/opt/ml/../../etc' } }, /checkpointConfig.localPath/],
      [
        {
          AlgorithmSpecification: {
            TrainingImage: 'i',
            TrainingInputMode: 'File',
            MetricDefinitions: [{ Name: 'm', Regex: '(' }],
          },
        },
        /metricDefinitions.1.member.regex.*regular expression/,
      ],
    ];

    for (const [overrides, message] of refusals) {
      await expect(laptop.train('refused', '', overrides)).rejects.toMatchObject({
        name: 'ValidationException',
        message: expect.stringMatching(message),
      });
    }
  });

  it('is refused when the account’s quota is used up', async () => {
    const resources = { InstanceType: 'ml.p3.2xlarge' as const, InstanceCount: 1, VolumeSizeInGB: 30 };

    await expect(laptop.train('gpu', '', { ResourceConfig: resources })).rejects.toMatchObject({
      name: 'ResourceLimitExceeded',
      message: expect.stringContaining("'ml.p3.2xlarge for training job usage' is 0 Instances"),
    });
  });

  it('is refused by name when the operation or a member is unknown, and when it isn’t signed', async () => {
    // The SDK sends members that it doesn't know only to whoever adds them to the request itself.
    const describe = new DescribeTrainingJobCommand({ TrainingJobName: 'a' });
    describe.middlewareStack.add(
      (next) => (args) => {
        (args.request as { body: string }).body = JSON.stringify({ TrainingJobName: 'a', Verbose: true });
        return next(args);
      },
      { step: 'build', priority: 'high' },
    );
    const headers = { 'x-amz-target': 'SageMaker.DescribeTrainingJob' };
    const unsigned = await fetch(laptop.url, { method: 'POST', headers, body: '{"TrainingJobName": "a"}' });

    await expect(laptop.sagemaker.send(new ListCodeRepositoriesCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('SageMaker.ListCodeRepositories'),
    });
    await expect(laptop.sagemaker.send(describe)).rejects.toMatchObject({
      name: 'ValidationException',
      message:
        "1 validation error detected: Value null at 'verbose' failed to satisfy constraint: The laptop's SageMaker does not know this member",
    });
    expect([unsigned.status, await unsigned.json()]).toMatchObject([
      400,
      { __type: 'com.amazon.coral.service#MissingAuthenticationTokenException' },
    ]);
  });
});

it('sends events twice and out of order when chaos is asked for', async () => {
  const chaotic = await openLaptop({ chaos: { duplicate: true, maxDelayMs: 50 } });

  await chaotic.train('chaos', WRITES_MODEL);

  // Which of them comes last is left to chance.
  await expect.poll(() => chaotic.events.map(({ detail }) => detail.SecondaryStatus)).toHaveLength(10);
  expect(new Set(chaotic.events.map(({ id }) => id)).size).toBe(10);
  await chaotic.close();
});
