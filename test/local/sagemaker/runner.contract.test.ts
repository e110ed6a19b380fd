import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Laptop } from './laptop.ts';
import { BUCKET, channel, openLaptop, trainingRequest } from './laptop.ts';

let laptop: Laptop;
beforeAll(async () => {
  laptop = await openLaptop({ settings: { installRequirements: true } });
});
afterAll(() => laptop.close());

const TELLS_ALL = `
import json, os, sys
print("TOLD" + json.dumps({"argv": sys.argv, "cwd": os.getcwd(), "environment": dict(os.environ)}))
`;

interface Told {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Runs a script that tells how it was called. */
const told = async (name: string, hyperparameters: Readonly<Record<string, string>>): Promise<Told> => {
  await laptop.put('data/rows.csv', '1,2\n');
  const source = `s3://${BUCKET}/code/${name}/sourcedir.tar.gz`;
  await laptop.train(name, TELLS_ALL, {
    HyperParameters: { ...trainingRequest(name, source).HyperParameters, ...hyperparameters },
    InputDataConfig: [channel('train', `s3://${BUCKET}/data/`), channel('test-set', `s3://${BUCKET}/data/`)],
    Environment: { MINE: 'own value' },
  });
  expect((await laptop.trained(name)).FailureReason).toBeUndefined();
  const line = (await laptop.trainingLog(name)).split('\n').find((text) => text.startsWith('TOLD'))!;
  return JSON.parse(line.slice('TOLD'.length)) as Told;
};

describe('the runner', () => {
  it('maps hyperparameters to arguments and variables as the training toolkit does', async () => {
    const { argv, environment } = await told('mapping', {
      n_estimators: '10',
      name: '"abc"',
      flag: 'true',
      lst: '[1, 2]',
      obj: '{"a": 1}',
      raw: 'hello',
      empty: 'null',
      d: '0.1',
      x: '5',
      tiny: '1e-5',
      whole: '10.0',
      'learning-rate': '0.5',
      sagemaker_mine: '"kept back"',
    });

    expect(argv).toEqual([
      ...['train.py', '-d', '0.1', '--empty', '', '--flag', 'True', '--learning-rate', '0.5', '--lst', '[1, 2]'],
      ...[
        '--n_estimators',
        '10',
        '--name',
        'abc',
        '--obj',
        'a=1',
        '--raw',
        'hello',
        '--tiny',
        '1e-05',
        '--whole',
        '10.0',
        '-x',
        '5',
      ],
    ]);
    expect(environment).toMatchObject({
      SM_HPS:
        '{"d":0.1,"empty":null,"flag":true,"learning-rate":0.5,"lst":[1,2],"n_estimators":10,"name":"abc","obj":{"a":1},"raw":"hello","tiny":1e-05,"whole":10.0,"x":5}',
      SM_HP_FLAG: 'true',
      SM_HP_LST: '[1,2]',
      SM_HP_EMPTY: '',
      SM_HP_NAME: 'abc',
      'SM_HP_LEARNING-RATE': '0.5',
      SM_FRAMEWORK_PARAMS: '{"sagemaker_mine":"kept back"}',
      SM_USER_ARGS: expect.stringContaining('"--flag","True"'),
    });
  });

  it('gives the script the variables of the container, and nothing of this process', async () => {
    process.env.FEDML_TEST_LEAK = 'must not be seen';
    const { cwd, environment } = await told('variables', {});
    delete process.env.FEDML_TEST_LEAK;
    const base = cwd.replace(/\/code$/, '');

    expect(cwd).toMatch(/\/opt\/ml\/code$/);
    expect(environment).toMatchObject({
      SM_HOSTS: '["algo-1"]',
      SM_CURRENT_HOST: 'algo-1',
      CURRENT_HOST: 'algo-1',
      SM_NETWORK_INTERFACE_NAME: 'eth0',
      SM_CURRENT_INSTANCE_TYPE: 'ml.m5.large',
      SM_CURRENT_INSTANCE_GROUP: 'homogeneousCluster',
      SM_CURRENT_INSTANCE_GROUP_HOSTS: '["algo-1"]',
      SM_INSTANCE_GROUPS: '["homogeneousCluster"]',
      SM_INSTANCE_GROUPS_DICT:
        '{"homogeneousCluster":{"hosts":["algo-1"],"instance_group_name":"homogeneousCluster","instance_type":"ml.m5.large"}}',
      SM_DISTRIBUTION_INSTANCE_GROUPS: '[]',
      SM_IS_HETERO: 'false',
      SM_RESOURCE_CONFIG:
        '{"current_group_name":"homogeneousCluster","current_host":"algo-1","current_instance_type":"ml.m5.large","hosts":["algo-1"],' +
        '"instance_groups":[{"hosts":["algo-1"],"instance_group_name":"homogeneousCluster","instance_type":"ml.m5.large"}],"network_interface_name":"eth0"}',
      SM_INPUT_DATA_CONFIG:
        '{"test-set":{"ContentType":"text/csv","RecordWrapperType":"None","S3DistributionType":"FullyReplicated","TrainingInputMode":"File"},' +
        '"train":{"ContentType":"text/csv","RecordWrapperType":"None","S3DistributionType":"FullyReplicated","TrainingInputMode":"File"}}',
      SM_CHANNELS: '["test-set","train"]',
      SM_CHANNEL_TRAIN: `${base}/input/data/train`,
      'SM_CHANNEL_TEST-SET': `${base}/input/data/test-set`,
      SM_HPS: '{}',
      SM_USER_ARGS: '[]',
      SM_FRAMEWORK_PARAMS: '{}',
      SM_USER_ENTRY_POINT: 'train.py',
      SM_MODULE_NAME: 'train',
      SM_MODULE_DIR: `s3://${BUCKET}/code/variables/sourcedir.tar.gz`,
      SM_LOG_LEVEL: '20',
      SM_FRAMEWORK_MODULE: 'sagemaker_sklearn_container.training:main',
      SM_NUM_GPUS: '0',
      SM_NUM_NEURONS: '0',
      SM_NUM_CPUS: expect.stringMatching(/^\d+$/),
      SM_INPUT_DIR: `${base}/input`,
      SM_INPUT_CONFIG_DIR: `${base}/input/config`,
      SM_OUTPUT_DIR: `${base}/output`,
      SM_OUTPUT_DATA_DIR: `${base}/output/data`,
      SM_OUTPUT_INTERMEDIATE_DIR: `${base}/output/intermediate`,
      SM_MODEL_DIR: `${base}/model`,
      SAGEMAKER_JOB_NAME: 'variables',
      SAGEMAKER_REGION: 'eu-central-1',
      TRAINING_JOB_NAME: 'variables',
      TRAINING_JOB_ARN: 'arn:aws:sagemaker:eu-central-1:000000000000:training-job/variables',
      AWS_REGION: 'eu-central-1',
      PYTHONUNBUFFERED: '1',
      MINE: 'own value',
    });
    expect(JSON.parse(environment.SM_TRAINING_ENV!)).toEqual({
      channel_input_dirs: { train: `${base}/input/data/train`, 'test-set': `${base}/input/data/test-set` },
      hyperparameters: {},
      current_host: 'algo-1',
      hosts: ['algo-1'],
      model_dir: `${base}/model`,
      output_data_dir: `${base}/output/data`,
    });
    expect(environment.PYTHONPATH?.split(':')[0]).toBe(`${base}/code`);
    expect(environment.FEDML_TEST_LEAK).toBeUndefined();
  });

  it('runs a shell script as the entry point, with quoted arguments', async () => {
    const source = `s3://${BUCKET}/code/shell/sourcedir.tar.gz`;

    await laptop.train(
      'shell',
      { 'run.sh': '#!/bin/sh\necho "$# arguments: $2"\n' },
      {
        HyperParameters: {
          sagemaker_program: 'run.sh',
          sagemaker_submit_directory: source,
          text: '"two words; $(id)"',
        },
      },
    );
    await laptop.trained('shell');

    expect(await laptop.trainingLog('shell')).toBe('2 arguments: two words; $(id)');
  });

  it('finds the code in a channel when the job is isolated from the network', async () => {
    await laptop.putArchive('isolated/sourcedir.tar.gz', { 'train.py': 'print("from the code channel")' });

    await laptop.train('isolated', '', {
      EnableNetworkIsolation: true,
      InputDataConfig: [channel('code', `s3://${BUCKET}/isolated/`)],
      HyperParameters: {
        sagemaker_program: 'train.py',
        sagemaker_submit_directory: '/opt/ml/input/data/code/sourcedir.tar.gz',
      },
    });
    await laptop.trained('isolated');

    expect(await laptop.trainingLog('isolated')).toBe('from the code channel');
  });
});

/** The end of FailureReason's command line, without the interpreter's path. */
const reasonOf = async (name: string): Promise<string> => {
  const { FailureReason = '', TrainingJobStatus } = await laptop.trained(name);
  expect(TrainingJobStatus).toBe('Failed');
  return FailureReason.replace(/Command "\S+python\S*/, 'Command "python');
};

describe('a failed job', () => {
  it.each([
    ['raises', 'raise ValueError("column 3 is not numeric")', 1],
    ['exits', 'import sys; sys.exit(7)', 7],
    ['killed', 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)', -9],
  ])('of a script that %s has SageMaker’s reason, without the traceback', async (name, script, status) => {
    await laptop.train(name, script);

    expect(await reasonOf(name)).toBe(
      `AlgorithmError: ExecuteUserScriptError:\nExitCode ${status}\nErrorMessage ""\nCommand "python train.py"`,
    );
  });

  it('has the end of the traceback in its log', async () => {
    await laptop.train('traceback', 'raise ValueError("column 3 is not numeric")');
    await laptop.trained('traceback');

    expect(await laptop.trainingLog('traceback')).toMatch(/Traceback(.|\n)*ValueError: column 3 is not numeric/);
  });

  it('keeps the reason that the script wrote itself, cut to 1,024 characters', async () => {
    await laptop.train(
      'own-reason',
      'import os, sys; open(os.environ["SM_OUTPUT_DIR"] + "/failure", "w").write("ValueError: " + "x" * 3000); sys.exit(1)',
    );

    const reason = await reasonOf('own-reason');
    expect(reason).toMatch(/^AlgorithmError: ValueError: x+$/);
    expect(reason).toHaveLength(1024);
  });

  it('says so when its requirements can’t be installed', async () => {
    await laptop.train('requirements', { 'train.py': '', 'requirements.txt': './not-there\n' });

    expect(await reasonOf('requirements')).toBe(
      'AlgorithmError: InstallRequirementsError:\nExitCode 1\nErrorMessage ""\nCommand "python -m pip install -r requirements.txt"',
    );
  });

  it('says so when its code is missing, damaged or hostile', async () => {
    const damaged = await laptop.put('code/damaged.tar.gz', 'this is no archive');
    const withCode = (uri: string) => ({
      HyperParameters: { sagemaker_program: 'train.py', sagemaker_submit_directory: uri },
    });

    await laptop.train('no-code', '', withCode(`s3://${BUCKET}/code/nowhere.tar.gz`));
    await laptop.train('damaged-code', '', withCode(damaged));
    await laptop.train('local-code', '', withCode('/etc'));

    expect(await reasonOf('no-code')).toMatch(/^AlgorithmError: Framework Error: \n.*nowhere.tar.gz.*NoSuchKey/);
    expect(await reasonOf('damaged-code')).toMatch(/^AlgorithmError: Framework Error: \n.*can't be unpacked as tar.gz/);
    expect(await reasonOf('local-code')).toMatch(
      /^AlgorithmError: Framework Error: \n.*must be below s3:\/\/ or \/opt\/ml\//,
    );
  });

  it('says so when a channel has no objects or would leave its folder', async () => {
    await laptop.put('hostile/../../escape.csv', 'x');

    await laptop.train('no-data', '', { InputDataConfig: [channel('train', `s3://${BUCKET}/nothing/here/`)] });
    await laptop.train('no-bucket', '', { InputDataConfig: [channel('train', 's3://no-such-bucket/data/')] });
    await laptop.train('escape', '', { InputDataConfig: [channel('train', `s3://${BUCKET}/hostile/`)] });

    expect(await reasonOf('no-data')).toMatch(
      /^ClientError: Data download failed:No S3 objects found under S3 URL "s3:\/\/bucket\/nothing\/here\/" given in input data source/,
    );
    expect(await reasonOf('no-bucket')).toMatch(/^ClientError: Data download failed:.*bucket does not exist/);
    expect(await reasonOf('escape')).toMatch(
      /^ClientError: Data download failed:The key "..\/..\/escape.csv" would leave its folder/,
    );
  });

  it('says so when its artifacts can’t be kept', async () => {
    await laptop.train('links', 'import os; os.symlink("/etc/passwd", os.environ["SM_MODEL_DIR"] + "/model.pkl")');
    await laptop.train('no-target', '', { OutputDataConfig: { S3OutputPath: 's3://no-such-bucket/out' } });

    expect(await reasonOf('links')).toMatch(
      /^ClientError: Artifact upload failed:"model.pkl" is neither a file nor a folder/,
    );
    expect(await reasonOf('no-target')).toMatch(/^ClientError: Artifact upload failed:.*bucket does not exist/);
  });
});

it('says what to do when the Python has no scikit-learn', async () => {
  const bare = await openLaptop({ python: '/usr/bin/does-not-exist/python3' });

  await bare.train('no-sklearn', 'print("never runs")');
  const { FailureReason } = await bare.trained('no-sklearn');

  expect(FailureReason).toMatch(
    /^AlgorithmError: The laptop's SageMaker runs scripts with .*does not start.*npm run setup/,
  );
  await bare.close();
});
