import { gzipSync } from 'node:zlib';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  SendTaskFailureCommand,
  StopExecutionCommand,
  UpdateMapRunCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenS3, openS3 } from '#test/local/s3/open-s3.ts';
import { namedError } from '#test/local/step-functions/fake-lambda.ts';
import {
  functionArn,
  machineIam,
  type OpenStepFunctions,
  openStepFunctions,
  typesOf,
} from '#test/local/step-functions/open-step-functions.ts';

const Bucket = 'map-data';
let s3: OpenS3;
let sfn: OpenStepFunctions;

beforeAll(async () => {
  const iam = machineIam();
  s3 = await openS3({ iam });
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  const objects: Record<string, string | Buffer> = {
    'data/items.json': '[{"n":1},{"n":2}]',
    'data/nested.json': '{"a":{"rows":[1,2,3]},"x/y":{"k":"v"}}',
    'data/items.jsonl': '{"n":1}\n{"n":2}\n\n{"n":3}\n',
    'data/items.jsonl.gz': gzipSync('{"n":1}\n{"n":2}\n'),
    'data/items.csv': 'id,text\n1,"a, b"\n2,"say ""hi"""\n3\n',
    'data/part.csv.gz': gzipSync('one,1\ntwo,2\n'),
    'data/manifest.json': JSON.stringify({
      destinationBucket: `arn:aws:s3:::${Bucket}`,
      fileFormat: 'CSV',
      fileSchema: 'Name, Size',
      files: [{ key: 'data/part.csv.gz' }],
    }),
    'list/1': 'one',
    'list/2': 'two!',
  };
  for (const [Key, Body] of Object.entries(objects)) await s3.client.send(new PutObjectCommand({ Bucket, Key, Body }));
  sfn = await openStepFunctions({ iam, s3: s3.url });
  sfn.lambda.functions.odd = (n: number) => {
    if (n % 2 === 0) throw namedError('EvenError');
    return n;
  };
});

afterAll(async () => {
  await sfn[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

const PASS = { StartAt: 'One', States: { One: { Type: 'Pass', End: true } } };
const ODD = { StartAt: 'One', States: { One: { Type: 'Task', Resource: functionArn('odd'), End: true } } };

const distributed = (fields: object, sequence: object = PASS) => ({
  StartAt: 'Each',
  States: {
    Each: {
      Type: 'Map',
      Label: 'each',
      ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...sequence },
      End: true,
      ...fields,
    },
  },
});

const getObject = (Key: string, ReaderConfig: object) => ({
  ItemReader: { Resource: 'arn:aws:states:::s3:getObject', Arguments: { Bucket, Key }, ReaderConfig },
});

const objectJson = async (Key: string): Promise<unknown> => {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
  return JSON.parse(await Body!.transformToString());
};

const mapRunOf = async (executionArn: string) => {
  const { mapRuns } = await sfn.client.send(new ListMapRunsCommand({ executionArn }));
  return sfn.client.send(new DescribeMapRunCommand({ mapRunArn: mapRuns![0]!.mapRunArn }));
};

describe('items', () => {
  it('runs the items of the state, in their order, without the outer variables', async () => {
    const processor = {
      StartAt: 'One',
      States: {
        One: {
          Type: 'Pass',
          Assign: { seen: '{% $states.input %}' },
          Output: { child: '{% $states.context.Execution.Input %}' },
          End: true,
        },
      },
    };
    const machine = {
      StartAt: 'Set',
      States: {
        Set: { Type: 'Pass', Assign: { seen: 0 }, Next: 'Each' },
        ...distributed({ ItemSelector: '{% $states.context.Map.Item.Value + $seen %}' }, processor).States,
      },
    };

    const { value } = await sfn.run(machine, [3, 1, 2]);

    expect(value).toEqual([{ child: 3 }, { child: 1 }, { child: 2 }]);
  });

  it.each([
    ['a JSON array', getObject('data/items.json', { InputType: 'JSON' }), [{ n: 1 }, { n: 2 }]],
    ['a node of JSON', getObject('data/nested.json', { InputType: 'JSON', ItemsPointer: '/a/rows' }), [1, 2, 3]],
    [
      'a JSON object',
      getObject('data/nested.json', { InputType: 'JSON', ItemsPointer: '/x~1y' }),
      [{ Key: 'k', Value: 'v' }],
    ],
    [
      'the first of JSON lines',
      getObject('data/items.jsonl', { InputType: 'JSONL', MaxItems: 2 }),
      [{ n: 1 }, { n: 2 }],
    ],
    ['compressed JSON lines', getObject('data/items.jsonl.gz', { InputType: 'JSONL' }), [{ n: 1 }, { n: 2 }]],
    [
      'CSV with quotes and a short row',
      getObject('data/items.csv', { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' }),
      [
        { id: '1', text: 'a, b' },
        { id: '2', text: 'say "hi"' },
        { id: '3', text: '' },
      ],
    ],
    [
      'CSV with given headers',
      getObject('data/items.csv', {
        InputType: 'CSV',
        CSVHeaderLocation: 'GIVEN',
        CSVHeaders: ['a'],
        MaxItems: '{% 1 %}',
      }),
      [{ a: 'id' }],
    ],
    [
      'an inventory',
      getObject('data/manifest.json', { InputType: 'MANIFEST' }),
      [
        { Name: 'one', Size: '1' },
        { Name: 'two', Size: '2' },
      ],
    ],
  ])('reads %s', async (_what, reader, items) => {
    const { value } = await sfn.run(distributed(reader));

    expect(value).toEqual(items);
  });

  it('lists the objects under a prefix and names the bucket as their source', async () => {
    const reader = {
      ItemReader: {
        Resource: 'arn:aws:states:::s3:listObjectsV2',
        Arguments: { Bucket, Prefix: '{% $states.input %}' },
      },
    };
    const selector = { item: '{% $states.context.Map.Item.Value %}', source: '{% $states.context.Map.Item.Source %}' };

    const { value } = await sfn.run(distributed({ ...reader, ItemSelector: selector }), 'list/');

    expect(value).toEqual([
      {
        item: {
          Etag: expect.any(String),
          Key: 'list/1',
          LastModified: expect.any(Number),
          Size: 3,
          StorageClass: 'STANDARD',
        },
        source: `S3://${Bucket}`,
      },
      { item: expect.objectContaining({ Key: 'list/2', Size: 4 }), source: `S3://${Bucket}` },
    ]);
  });

  it('packs them into batches by number and by bytes', async () => {
    const byNumber = await sfn.run(
      distributed({ ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { of: '{% $count($states.input) %}' } } }),
      [1, 2, 3],
    );
    const byBytes = await sfn.run(distributed({ ItemBatcher: { MaxInputBytesPerBatch: 30 } }), [
      'aaaaaaa',
      'bbbbbbb',
      'c',
    ]);

    expect(byNumber.value).toEqual([
      { BatchInput: { of: 3 }, Items: [1, 2] },
      { BatchInput: { of: 3 }, Items: [3] },
    ]);
    expect(byBytes.value).toEqual([{ Items: ['aaaaaaa'] }, { Items: ['bbbbbbb', 'c'] }]);
  });

  it('fails as States.ItemReaderFailed when they cannot be read', async () => {
    const missing = await sfn.run(distributed(getObject('data/none.json', { InputType: 'JSON' })));
    const broken = await sfn.run(distributed(getObject('data/items.csv', { InputType: 'JSONL' })));

    expect(missing).toMatchObject({ error: 'States.ItemReaderFailed', cause: expect.stringContaining('S3.NoSuchKey') });
    expect(broken).toMatchObject({
      error: 'States.ItemReaderFailed',
      cause: expect.stringContaining('Line 1 of s3://map-data/data/items.csv is not JSON'),
    });
  });
});

describe('a Map Run', () => {
  it('runs every item as an execution with a history of its own, and counts them', async () => {
    const executionArn = await sfn.start(
      distributed({ ToleratedFailureCount: 5, ItemBatcher: { MaxItemsPerBatch: 2 } }),
      [1, 2, 3],
    );
    await sfn.closed(executionArn);

    const run = await mapRunOf(executionArn);
    const { executions } = await sfn.client.send(new ListExecutionsCommand({ mapRunArn: run.mapRunArn! }));

    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      executionArn,
      itemCounts: { total: 3, succeeded: 3, failed: 0, pending: 0 },
      executionCounts: { total: 2, succeeded: 2 },
    });
    expect(run.mapRunArn).toMatch(/:mapRun:machine-\d+\/each:[\w-]+$/);
    expect(executions!.map(({ itemCount }) => itemCount)).toEqual([1, 2]);
    const child = executions![0]!.executionArn!;
    expect(child).toMatch(/:execution:machine-\d+\/each:[\w-]+$/);
    expect(typesOf(await sfn.history(child))).toEqual([
      'ExecutionStarted',
      'PassStateEntered',
      'PassStateExited',
      'ExecutionSucceeded',
    ]);
    expect(await sfn.closed(child)).toMatchObject({ status: 'SUCCEEDED', mapRunArn: run.mapRunArn });
    expect(typesOf(await sfn.history(executionArn)).slice(1, -1)).toEqual([
      'MapStateEntered',
      'MapStateStarted',
      'MapRunStarted',
      'MapRunSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
    ]);
  });

  it.each([
    ['no failure without a tolerance', {}, 'FAILED'],
    ['as many failures as are tolerated', { ToleratedFailureCount: 2 }, 'SUCCEEDED'],
    ['fewer than there are', { ToleratedFailureCount: '{% 1 %}' }, 'FAILED'],
    ['half of the items', { ToleratedFailurePercentage: 50 }, 'SUCCEEDED'],
    ['less than half of the items', { ToleratedFailurePercentage: 49 }, 'FAILED'],
  ])('tolerates %s', async (_what, tolerance, status) => {
    const closed = await sfn.run(distributed(tolerance, ODD), [1, 2, 3, 4]);

    expect(closed.status).toBe(status);
    if (status === 'FAILED') expect(closed.error).toBe('States.ExceedToleratedFailureThreshold');
    else
      expect(closed.value).toEqual([
        1,
        expect.objectContaining({ Status: 'FAILED', Error: 'EvenError' }),
        3,
        expect.anything(),
      ]);
  });

  it('counts failed items, not failed batches', async () => {
    const batches = { StartAt: 'F', States: { F: { Type: 'Fail', Error: 'Batch' } } };

    const { error } = await sfn.run(
      distributed({ ToleratedFailureCount: 2, ItemBatcher: { MaxItemsPerBatch: 3 } }, batches),
      [1, 2, 3],
    );

    expect(error).toBe('States.ExceedToleratedFailureThreshold');
  });

  it.each([
    { MaxConcurrency: '{% -1 %}' },
    { ToleratedFailurePercentage: '{% 101 %}' },
    { ToleratedFailureCount: "{% 'x' %}" },
  ])('refuses %o', async (fields) => {
    const { error } = await sfn.run(distributed(fields), [1]);

    expect(error).toBe('States.QueryEvaluationError');
  });

  it('runs more children at a time, and tolerates more, when it is told to while it runs', async () => {
    const tokens: string[] = [];
    const third = Promise.withResolvers<void>();
    sfn.lambda.functions.waiter = (token: string) => {
      if (tokens.push(token) === 3) third.resolve();
    };
    const waiting = {
      StartAt: 'Wait',
      States: {
        Wait: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
          Arguments: { FunctionName: 'waiter', Payload: '{% $states.context.Task.Token %}' },
          End: true,
        },
      },
    };
    const executionArn = await sfn.start(distributed({ MaxConcurrency: 1 }, waiting), [1, 2, 3]);
    await sfn.logged(executionArn, 'MapRunStarted');
    const { mapRunArn } = await mapRunOf(executionArn);
    await sfn.client.send(new UpdateMapRunCommand({ mapRunArn, maxConcurrency: 3, toleratedFailurePercentage: 100 }));
    await third.promise;
    const running = await mapRunOf(executionArn);
    for (const taskToken of tokens) await sfn.client.send(new SendTaskFailureCommand({ taskToken, error: 'No' }));

    const { status } = await sfn.closed(executionArn);

    expect(running).toMatchObject({ status: 'RUNNING', maxConcurrency: 3, executionCounts: { running: 3, total: 3 } });
    expect(status).toBe('SUCCEEDED');
    expect(await mapRunOf(executionArn)).toMatchObject({
      executionCounts: { failed: 3 },
      toleratedFailurePercentage: 100,
    });
  });

  it('ends its children when the execution is stopped', async () => {
    const waiting = { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 60, End: true } } };
    const executionArn = await sfn.start(distributed({}, waiting), [1, 2]);
    await sfn.logged(executionArn, 'MapRunStarted');
    await sfn.client.send(new StopExecutionCommand({ executionArn }));

    const run = await mapRunOf(executionArn);

    expect(run.status).toBe('ABORTED');
    expect(run.executionCounts).toMatchObject({ running: 0 });
    expect(typesOf(await sfn.history(executionArn)).slice(-3)).toEqual([
      'MapRunAborted',
      'MapStateAborted',
      'ExecutionAborted',
    ]);
  });

  it('starts anew when the state is retried', async () => {
    const machine = distributed(
      { Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 1, JitterStrategy: 'FULL' }] },
      ODD,
    );
    const executionArn = await sfn.start(machine, [2]);
    await sfn.closed(executionArn);

    const { mapRuns } = await sfn.client.send(new ListMapRunsCommand({ executionArn }));

    expect(mapRuns).toHaveLength(2);
  });
});

describe('ResultWriter', () => {
  const writer = (more: object = {}) => ({
    ResultWriter: { Resource: 'arn:aws:states:::s3:putObject', Arguments: { Bucket, Prefix: 'results' }, ...more },
  });

  it('writes tolerated failures beside the successes, with a manifest', async () => {
    const { value } = await sfn.run(distributed({ ...writer(), ToleratedFailureCount: 1 }, ODD), [1, 2]);

    const { MapRunArn, ResultWriterDetails } = value as {
      MapRunArn: string;
      ResultWriterDetails: { Bucket: string; Key: string };
    };
    const folder = `results/${MapRunArn.split(':').at(-1)}`;
    expect(ResultWriterDetails).toEqual({ Bucket, Key: `${folder}/manifest.json` });
    expect(await objectJson(ResultWriterDetails.Key)).toEqual({
      DestinationBucket: Bucket,
      MapRunArn,
      ResultFiles: {
        FAILED: [{ Key: `${folder}/FAILED_0.json`, Size: expect.any(Number) }],
        PENDING: [],
        SUCCEEDED: [{ Key: `${folder}/SUCCEEDED_0.json`, Size: expect.any(Number) }],
      },
    });
    expect(await objectJson(`${folder}/SUCCEEDED_0.json`)).toEqual([
      expect.objectContaining({
        ExecutionArn: expect.stringContaining('/each:'),
        Input: '1',
        InputDetails: { Included: true },
        Output: '1',
        OutputDetails: { Included: true },
        RedriveCount: 0,
        RedriveStatus: 'NOT_REDRIVABLE',
        StateMachineArn: expect.stringMatching(/\/each$/),
        Status: 'SUCCEEDED',
      }),
    ]);
    expect(await objectJson(`${folder}/FAILED_0.json`)).toEqual([
      expect.objectContaining({
        Input: '2',
        Status: 'FAILED',
        Error: 'EvenError',
        Cause: expect.stringContaining('on purpose'),
      }),
    ]);
  });

  it('writes what failed and what never started when the run fails', async () => {
    const machine = distributed({ ...writer({ Arguments: { Bucket, Prefix: 'failing' } }), MaxConcurrency: 1 }, ODD);

    const { error } = await sfn.run(machine, [1, 2, 3, 5]);

    const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'failing/' }));
    const files = Object.fromEntries(
      await Promise.all(Contents.map(async ({ Key }) => [Key!.split('/').at(-1), await objectJson(Key!)])),
    );
    expect(error).toBe('States.ExceedToleratedFailureThreshold');
    expect(files['SUCCEEDED_0.json']).toHaveLength(1);
    expect(files['FAILED_0.json']).toEqual([expect.objectContaining({ Input: '2', Error: 'EvenError' })]);
    expect(files['PENDING_0.json'].map(({ Input }: { Input: string }) => Input)).toEqual(['3', '5']);
  });

  it('formats the result of the state itself without S3', async () => {
    const flat = await sfn.run(distributed({ ResultWriter: { WriterConfig: { Transformation: 'FLATTEN' } } }), [
      [1, 2],
      [3],
      4,
    ]);
    const rows = await sfn.run(distributed({ ResultWriter: { WriterConfig: { Transformation: 'NONE' } } }), [1]);

    expect(flat.value).toEqual([1, 2, 3, 4]);
    expect(rows.value).toEqual([expect.objectContaining({ Input: '1', Output: '1' })]);
  });

  it('writes compact lines when told to', async () => {
    const config = { WriterConfig: { Transformation: 'COMPACT', OutputType: 'JSONL' } };

    const { value } = await sfn.run(distributed(writer(config)), [{ n: 1 }, { n: 2 }]);

    const { Key } = (value as { ResultWriterDetails: { Key: string } }).ResultWriterDetails;
    const { Body } = await s3.client.send(
      new GetObjectCommand({ Bucket, Key: Key.replace('manifest.json', 'SUCCEEDED_0.jsonl') }),
    );
    expect(await Body!.transformToString()).toBe('{"n":1}\n{"n":2}\n');
  });

  it('fails as States.ResultWriterFailed when S3 refuses', async () => {
    const { error } = await sfn.run(distributed(writer({ Arguments: { Bucket: 'no-such-bucket', Prefix: '' } })), [1]);

    expect(error).toBe('States.ResultWriterFailed');
  });

  it('refuses a plain result of more than 256 KiB', async () => {
    const big = { StartAt: 'Big', States: { Big: { Type: 'Pass', Output: "{% $pad('', 100000, 'x') %}", End: true } } };

    const { error } = await sfn.run(distributed({}, big), [1, 2, 3]);

    expect(error).toBe('States.DataLimitExceeded');
  });
});
