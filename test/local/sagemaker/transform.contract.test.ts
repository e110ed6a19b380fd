import { gzipSync } from 'node:zlib';
import type { CreateTransformJobCommandInput } from '@aws-sdk/client-sagemaker';
import { StopTransformJobCommand } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Laptop } from './laptop.ts';
import { BUCKET, openLaptop, until } from './laptop.ts';

/** Adds up the numbers of each CSV line; refuses words, and tells how many lines came at once. */
const SUMS = `
import sys
def model_fn(folder): return None
def transform_fn(model, body, content_type, accept):
    lines = body.splitlines()
    print("REQUEST", len(lines), repr(body[:40]), flush=True)
    if "die" in body: sys.stdout.flush(); __import__("os")._exit(1)
    if "sleep" in body: __import__("time").sleep(60)
    return "".join("%g\\n" % sum(float(field.strip('"')) for field in line.split(",")) for line in lines), accept
`;

/** Scores JSON records, one a request, and sets its own batch settings. */
const JSON_SCORES = `
import json
def model_fn(folder): return None
def transform_fn(model, body, content_type, accept):
    return json.dumps({"score": len(json.loads(body)["features"])}), accept
def execution_parameters_fn():
    return json.dumps({"MaxConcurrentTransforms": 2, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 1})
`;

const ECHO = `
def model_fn(folder): return None
def transform_fn(model, body, content_type, accept):
    return ("%d bytes" % len(body)), "text/plain"
`;

let laptop: Laptop;
beforeAll(async () => {
  laptop = await openLaptop();
  await laptop.createModel('sums', SUMS);
  await laptop.createModel('scores', JSON_SCORES);
  await laptop.createModel('echo', ECHO);
});
afterAll(() => laptop.close());

type Overrides = {
  readonly [Member in 'TransformInput' | 'TransformOutput']?: Partial<CreateTransformJobCommandInput[Member]>;
} & Partial<Omit<CreateTransformJobCommandInput, 'TransformInput' | 'TransformOutput'>>;

const request = (
  name: string,
  { TransformInput, TransformOutput, ...more }: Overrides = {},
): CreateTransformJobCommandInput => ({
  TransformJobName: name,
  ModelName: 'sums',
  TransformInput: {
    DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://${BUCKET}/${name}/in/` } },
    ContentType: 'text/csv',
    SplitType: 'Line',
    ...TransformInput,
  },
  TransformOutput: {
    S3OutputPath: `s3://${BUCKET}/${name}/out`,
    Accept: 'text/csv',
    AssembleWith: 'Line',
    ...TransformOutput,
  },
  TransformResources: { InstanceCount: 1, InstanceType: 'ml.m5.large' },
  ...more,
});

describe('a transform job', () => {
  it('writes one .out for each object, below the same sub-folders, and is announced', async () => {
    await laptop.put('files/in/a.csv', '1,2\n3,4\n');
    await laptop.put('files/in/deep/b.csv', '5,6');
    await laptop.put('files/in/deep/', 'marker');

    const job = await laptop.transform(request('files', { Tags: [{ Key: 'run', Value: 'r-1' }] }));

    expect(job).toMatchObject({ TransformJobStatus: 'Completed', TransformEndTime: expect.any(Date) });
    expect(await laptop.keys('files/out/')).toEqual(['files/out/a.csv.out', 'files/out/deep/b.csv.out']);
    expect(await laptop.read('files/out/a.csv.out')).toBe('3\n7\n\n');
    expect(await laptop.read('files/out/deep/b.csv.out')).toBe('11\n\n');
    const events = laptop.events.filter(({ detail }) => detail.TransformJobName === 'files');
    expect(events.map(({ detail }) => detail.TransformJobStatus)).toEqual(['InProgress', 'InProgress', 'Completed']);
    expect(events.at(-1)).toMatchObject({
      'detail-type': 'SageMaker Transform Job State Change',
      resources: ['arn:aws:sagemaker:eu-central-1:000000000000:transform-job/files'],
      detail: { ModelName: 'sums', Tags: { run: 'r-1' }, TransformEndTime: expect.any(Number), FailureReason: null },
    });
  });

  it('leaves no .out for a file with a bad record, completes the others and fails', async () => {
    await laptop.put('bad/in/1-good.csv', '1,2\n');
    await laptop.put('bad/in/2-bad.csv', '1,2\nx,y\n');
    await laptop.put('bad/in/3-good.csv', '3,4\n');

    const job = await laptop.transform(request('bad', { ModelClientConfig: { InvocationsMaxRetries: 1 } }));

    expect(job).toMatchObject({
      TransformJobStatus: 'Failed',
      FailureReason: 'AlgorithmError: See job logs for more information',
    });
    expect(await laptop.keys('bad/out/')).toEqual(['bad/out/1-good.csv.out', 'bad/out/3-good.csv.out']);
    const log = await laptop.transformLog('bad');
    expect(log).toContain('bucket/bad/in/2-bad.csv: Bad HTTP status received from algorithm: 500');
    expect(log).toContain("could not convert string to float: 'x'");
    expect(log.match(/REQUEST 2/g)).toHaveLength(2);
  });

  it('goes on with a new server when the model’s process died', async () => {
    await laptop.put('mortal/in/1.csv', 'die');
    await laptop.put('mortal/in/2.csv', '1,2');

    const job = await laptop.transform(request('mortal', { ModelClientConfig: { InvocationsMaxRetries: 0 } }));

    expect(job.TransformJobStatus).toBe('Failed');
    expect(await laptop.keys('mortal/out/')).toEqual(['mortal/out/2.csv.out']);
  });

  it('stores nothing for unfinished files when it is stopped', async () => {
    await laptop.put('stopped/in/1.csv', '1,2');
    await laptop.put('stopped/in/2.csv', 'sleep');
    const running = laptop.transform(request('stopped'));
    await until(
      laptop.events,
      ({ detail }) => detail.TransformJobName === 'stopped' && detail.TransformStartTime !== null,
    );
    await expect.poll(() => laptop.transformLog('stopped')).toContain('sleep');

    await laptop.sagemaker.send(new StopTransformJobCommand({ TransformJobName: 'stopped' }));

    expect((await running).TransformJobStatus).toBe('Stopped');
    expect(await laptop.keys('stopped/out/')).toEqual(['stopped/out/1.csv.out']);
  });

  it('gives an empty output for an empty object', async () => {
    await laptop.put('blank/in/rows.csv', '');

    const job = await laptop.transform(request('blank'));

    expect(job.TransformJobStatus).toBe('Completed');
    expect(await laptop.read('blank/out/rows.csv.out')).toBe('');
  });

  it('fails for a prefix without objects, and for a model that doesn’t load', async () => {
    await laptop.createModel('unloadable', 'raise ValueError("broken")');
    await laptop.put('unloadable/in/1.csv', '1');

    const empty = await laptop.transform(request('empty'));
    const unloadable = await laptop.transform(request('unloadable', { ModelName: 'unloadable' }));

    expect(empty.FailureReason).toMatch(
      /^ClientError: Data download failed:No S3 objects found under S3 URL "s3:\/\/bucket\/empty\/in\/"/,
    );
    expect(unloadable.FailureReason).toMatch(/^AlgorithmError: The model container did not pass the ping health check/);
  });
});

describe('splitting and assembling', () => {
  it('sends as many records as fit (MultiRecord), or one at a time (SingleRecord)', async () => {
    const rows = '1000000000,1\n'.repeat(200_000);
    await laptop.put('multi/in/rows.csv', rows);
    await laptop.put('single/in/rows.csv', '1,2\n3,4\n5,6\n');

    await laptop.transform(request('multi', { MaxPayloadInMB: 1 }));
    await laptop.transform(request('single', { BatchStrategy: 'SingleRecord' }));

    const counts = [...(await laptop.transformLog('multi')).matchAll(/REQUEST (\d+)/g)].map((match) =>
      Number(match[1]),
    );
    expect(counts).toEqual([80_659, 80_659, 38_682]);
    expect((await laptop.read('multi/out/rows.csv.out')).split('\n').filter(Boolean)).toHaveLength(200_000);
    expect((await laptop.transformLog('single')).match(/REQUEST 1/g)).toHaveLength(3);
  });

  it('sends whole objects without SplitType, streamed when MaxPayloadInMB is 0, and adds nothing without AssembleWith', async () => {
    await laptop.put('whole/in/a.bin', 'x'.repeat(100_000));
    await laptop.put('streamed/in/a.bin', 'x'.repeat(300_000));
    await laptop.put('gzip/in/a.bin', gzipSync('x'.repeat(50_000)));
    const whole = {
      ModelName: 'echo',
      TransformInput: { SplitType: 'None' },
      TransformOutput: { AssembleWith: 'None' },
    } as const;

    await laptop.transform(request('whole', whole));
    await laptop.transform(request('streamed', { ...whole, MaxPayloadInMB: 0 }));
    await laptop.transform(
      request('gzip', { ...whole, TransformInput: { SplitType: 'None', CompressionType: 'Gzip' } }),
    );

    expect(await laptop.read('whole/out/a.bin.out')).toBe('100000 bytes');
    expect(await laptop.read('streamed/out/a.bin.out')).toBe('300000 bytes');
    expect(await laptop.read('gzip/out/a.bin.out')).toBe('50000 bytes');
  });

  it('refuses a record or an object that is larger than MaxPayloadInMB', async () => {
    await laptop.put('huge/in/a.csv', `1,${'2'.repeat(1_100_000)}\n`);
    await laptop.put('large/in/a.csv', 'x'.repeat(1_100_000));

    const huge = await laptop.transform(request('huge', { MaxPayloadInMB: 1 }));
    const large = await laptop.transform(
      request('large', {
        MaxPayloadInMB: 1,
        ModelName: 'echo',
        TransformInput: { SplitType: 'None' },
        TransformOutput: { AssembleWith: 'None' },
      }),
    );

    expect(huge.FailureReason).toBe('ClientError: See job logs for more information');
    expect(await laptop.transformLog('huge')).toContain('bucket/huge/in/a.csv: A record is larger than 1048576 bytes');
    expect(large.TransformJobStatus).toBe('Failed');
    expect(await laptop.transformLog('large')).toContain('The object is larger than 1048576 bytes');
  });
});

describe('data processing', () => {
  const CSV = 'k1,1,2\n"k,2",3,"4"\n9007199254740993,5,6\n';

  it.each([
    ['joins', { InputFilter: '$[1:]', JoinSource: 'Input' }, 'k1,1,2,3\n"k,2",3,"4",7\n9007199254740993,5,6,11\n'],
    [
      'joins-key-and-answer',
      { InputFilter: '$[1:]', JoinSource: 'Input', OutputFilter: '$[0,-1]' },
      'k1,3\n"k,2",7\n9007199254740993,11\n',
    ],
    ['picks', { InputFilter: '$[2]', JoinSource: 'Input', OutputFilter: '$[3]' }, '2\n4\n6\n'],
    ['filters-only', { InputFilter: '$[1:]', OutputFilter: '$[0]' }, '3\n7\n11\n'],
    ['filters-input', { InputFilter: '$[-1]' }, '2\n4\n6\n\n'],
  ] as const)('%s CSV', async (name, DataProcessing, expected) => {
    await laptop.put(`${name}/in/rows.csv`, CSV);

    const job = await laptop.transform(request(name, { DataProcessing }));

    expect(job.FailureReason).toBeUndefined();
    expect(await laptop.read(`${name}/out/rows.csv.out`)).toBe(expected);
  });

  it('joins JSON lines as an attribute, with the container’s own batch settings, and keeps big numbers', async () => {
    await laptop.put('json/in/rows.jsonl', '{"id":9007199254740993,"features":[1,2]}\n{"id":2,"features":[]}\n');

    const job = await laptop.transform(
      request('json', {
        ModelName: 'scores',
        TransformInput: { ContentType: 'application/jsonlines' },
        TransformOutput: { Accept: 'application/jsonlines' },
        DataProcessing: { JoinSource: 'Input', OutputFilter: "$['id','SageMakerOutput']" },
      }),
    );

    expect(job.FailureReason).toBeUndefined();
    expect(await laptop.read('json/out/rows.jsonl.out')).toBe(
      '{"id":9007199254740993,"SageMakerOutput":{"score":2}}\n{"id":2,"SageMakerOutput":{"score":0}}\n',
    );
  });

  it('fails a file whose answer has another number of lines', async () => {
    await laptop.put('mismatch/in/rows.csv', '1\n2\n');

    const job = await laptop.transform(
      request('mismatch', { ModelName: 'echo', DataProcessing: { JoinSource: 'Input' } }),
    );

    expect(job.TransformJobStatus).toBe('Failed');
    expect(await laptop.transformLog('mismatch')).toContain('The model answered 1 lines to 2 records');
    expect(await laptop.keys('mismatch/out/')).toEqual([]);
  });

  it('refuses contradictions, all at once', async () => {
    const refused = laptop.transform(
      request('refused', {
        MaxConcurrentTransforms: 20,
        MaxPayloadInMB: 6,
        TransformInput: { SplitType: 'None' },
        TransformOutput: { Accept: 'application/json' },
        DataProcessing: { InputFilter: '$.name', JoinSource: 'Input' },
      }),
    );

    await expect(refused).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(
        /^5 validation errors detected: .*maxPayloadInMB.*must not exceed 100; .*transformOutput.accept.*; .*assembleWith.*; .*splitType.*Line to process text\/csv; .*inputFilter.*positions/,
      ),
    });
    await expect(laptop.transform(request('refused', { DataProcessing: { InputFilter: '$[1' } }))).rejects.toThrow(
      'is not understood at "[1"',
    );
    await expect(laptop.transform(request('refused', { TransformInput: { SplitType: 'RecordIO' } }))).rejects.toThrow(
      'splits by Line or not at all',
    );
    await expect(laptop.transform(request('refused', { ModelName: 'unknown' }))).rejects.toThrow(
      'Could not find model',
    );
  });
});
