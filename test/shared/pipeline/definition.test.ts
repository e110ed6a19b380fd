import { describe, expect, it } from 'vitest';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';

const base = { name: 'flights', source: { view: 'V', key: ['ID'], target: 'LATE' } };
const prediction = {
  source: { view: 'V_SCORE', key: ['ID'] },
  columns: [{ name: 'P', type: 'DOUBLE' }],
  target: { table: 'T' },
};

const mistakesOf = (settings: object): string[] =>
  PipelineDefinition.safeParse({ ...base, ...settings }).error?.issues.map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  ) ?? [];

describe('PipelineDefinition', () => {
  it('wants a gate to judge metrics that are read from the log', () => {
    const training = { metrics: [{ name: 'auc', regex: 'auc=(.*)' }] };

    expect(mistakesOf({ training, gate: [{ metric: 'auc', min: 0.5 }] })).toEqual([]);
    expect(mistakesOf({ training, gate: [{ metric: 'auk', min: 0.5 }] })).toEqual([
      'gate.0.metric: is not one of training.metrics, which has auc',
    ]);
  });

  it('wants something deployed where an endpoint is to predict', () => {
    const byEndpoint = { ...prediction, method: 'endpoint' };

    expect(mistakesOf({ prediction: byEndpoint, deployment: { target: 'sagemaker' } })).toEqual([]);
    expect(mistakesOf({ prediction: byEndpoint })).toEqual([expect.stringContaining('prediction.method')]);
  });

  it.each(['replace', 'versioned'])(
    'refuses a watermark with the mode %s, which would show the new rows only',
    (mode) => {
      const source = { ...prediction.source, watermark: 'ID' };
      const writing = (target: object) => mistakesOf({ prediction: { ...prediction, source, target } });

      expect(writing({ table: 'T', mode })).toEqual([
        expect.stringContaining(`prediction.source.watermark: reads new rows only`),
      ]);
      expect([writing({ table: 'T' }), writing({ table: 'T', mode: 'upsert' })]).toEqual([[], []]);
    },
  );

  it('wants a target table that is not one of its own, with room for the name of a view, and a limit that makes sense', () => {
    const targeting = (target: object) => mistakesOf({ prediction: { ...prediction, target } });

    expect(targeting({ table: 'T', mode: 'versioned', maxRejected: 0.01 })).toEqual([]);
    expect(targeting({ table: 'T', maxRejected: 100 })).toEqual([]);
    expect(targeting({ table: 'FEDML_LEDGER' })).toEqual([
      expect.stringContaining('prediction.target.table: begins with'),
    ]);
    expect(targeting({ table: 'T'.repeat(120), mode: 'append' })).toEqual([]);
    expect(targeting({ table: 'T'.repeat(120), mode: 'versioned' })).toEqual([expect.stringContaining('_CURRENT')]);
    expect(targeting({ table: 'T', maxRejected: 1.5 })).toEqual([expect.stringContaining('whole number')]);
  });

  it('wants columns that a table can have, before a training is paid for', () => {
    const predicting = (...columns: object[]) => mistakesOf({ prediction: { ...prediction, columns } });
    const typed = (type: string) => predicting({ name: 'P', type });

    for (const type of ['NVARCHAR(1)', 'NVARCHAR(5000)', 'DECIMAL(38,38)', 'DECIMAL(1)'])
      expect(typed(type)).toEqual([]);
    for (const type of ['NVARCHAR(0)', 'NVARCHAR(5001)', 'DECIMAL(39,2)', 'DECIMAL(5,9)', 'DECIMAL(0)']) {
      expect(typed(type)).toEqual([expect.stringMatching(/^prediction\.columns\.0\.type: must be NVARCHAR/)]);
    }
    for (const name of ['ID', 'RUN_ID', 'MODEL', 'PREDICTED_AT', 'INSERTED_AT']) {
      expect(predicting({ name, type: 'DOUBLE' })).toEqual([
        expect.stringMatching(`^prediction.columns: would be twice in the table: ${name}\\. `),
      ]);
    }
    expect(predicting({ name: 'P', type: 'DOUBLE' }, { name: 'P', type: 'DATE' })).toEqual([
      expect.stringContaining('twice in the table: P.'),
    ]);
  });

  it('wants a gate that a model can pass', () => {
    const judging = (regex: string, rule: object) =>
      mistakesOf({ training: { metrics: [{ name: 'auc', regex }] }, gate: [{ metric: 'auc', ...rule }] });

    expect(judging('(?i)auc=([0-9.]+)', { min: 1, max: 1 })).toEqual([]);
    expect(judging('auc=(.*)', { min: 0.9, max: 0.8 })).toEqual(['gate.0.max: must be at least min']);
    expect(judging('auc=[0-9.]+', { min: 0.9 })).toEqual([
      'training.metrics.0.regex: needs a group around the number, as in auc=([0-9.]+)',
    ]);
  });

  it('keeps the hyperparameters within what SageMaker takes', () => {
    const hyperparameters = (values: object) => mistakesOf({ training: { hyperparameters: values } });

    expect(hyperparameters({ depth: 3, layers: [8, 8], text: 'x'.repeat(2498) })).toEqual([]);
    expect(hyperparameters({ sagemaker_program: 'x' })).toHaveLength(1);
    expect(hyperparameters({ text: 'x'.repeat(2499) })).toHaveLength(1);
    expect(hyperparameters(Object.fromEntries(Array.from({ length: 96 }, (_, n) => [`h${n}`, n])))).toHaveLength(1);
  });

  const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
  const kyma = (resources: object) => ({ deployment: { target: 'kyma', auth: { noAuth: true }, resources } });
  const vpc = { subnets: ['subnet-0a1b2c3d'], securityGroupIds: ['sg-0a1b2c3d4e5f60718'] };

  it.each<[string, object]>([
    ['tags with all that tags may have', { training: { tags: { 'cost center': 'Zürich 1_.:/=+-@', empty: '' } } }],
    ['keys by id', { training: { kmsKeyId: id } }],
    ['keys by ARN', { training: { kmsKeyId: `arn:aws:kms:eu-central-1:123456789012:key/${id}` } }],
    ['keys of several regions', { training: { kmsKeyId: `mrk-${'0'.repeat(32)}` } }],
    ['a network', { training: { vpc } }],
    [
      'a script whose name has a hyphen',
      { training: { entryPoint: 'train-v2.py' }, deployment: { target: 'sagemaker' } },
    ],
    ['a shell script that only trains', { training: { entryPoint: 'train.sh' } }],
    [
      'any script for an image of one’s own',
      { training: { entryPoint: 'a.sh', imageUri: 'x/y:1' }, deployment: { target: 'sagemaker' } },
    ],
    [
      'requests up to the limits',
      kyma({ requests: { cpu: '1000m', memory: '2048Mi' }, limits: { cpu: '1', memory: '2Gi' } }),
    ],
    ['small instances to serve', { deployment: { target: 'sagemaker', instances: { type: 'ml.t2.medium' } } }],
  ])('takes %s', (_, settings) => {
    expect(mistakesOf(settings)).toEqual([]);
  });

  const deployed = { deployment: { target: 'sagemaker' } };

  it.each<[string, object, string]>([
    [
      'a variable',
      { deployment: { target: 'sagemaker', environment: { 'MY-VAR': 'x' } } },
      'deployment.environment.MY-VAR',
    ],
    ['a tag’s value', { training: { tags: { team: 'data;science, eu' } } }, 'training.tags.team: may have'],
    ['a tag’s name', { training: { tags: { 'a?': '' } } }, 'training.tags.a?'],
    ['a tag of AWS', { training: { tags: { 'AWS:x': 'y' } } }, 'training.tags.AWS:x'],
    ['a tag of ours', { training: { tags: { 'fedml:run': 'y' } } }, 'training.tags.fedml:run'],
    [
      'too many tags',
      { training: { tags: Object.fromEntries(Array.from({ length: 48 }, (_, n) => [`t${n}`, ''])) } },
      'training.tags: has more',
    ],
    ['no key', { training: { kmsKeyId: 'not a key' } }, 'training.kmsKeyId: must be'],
    ['no subnet', { training: { vpc: { ...vpc, subnets: ['x'] } } }, 'training.vpc.subnets.0: must be'],
    [
      'no security group',
      { training: { vpc: { ...vpc, securityGroupIds: ['subnet-1'] } } },
      'training.vpc.securityGroupIds.0: must be',
    ],
    [
      'too many security groups',
      { training: { vpc: { ...vpc, securityGroupIds: ['sg-1', 'sg-2', 'sg-3', 'sg-4', 'sg-5', 'sg-6'] } } },
      'training.vpc.securityGroupIds: ',
    ],
    ['a hyperparameter of two lines', { training: { hyperparameters: { 'a\nb': 1 } } }, 'training.hyperparameters.a'],
    ['an image with a blank', { training: { imageUri: 'my image' } }, 'training.imageUri: must be'],
    [
      'two metrics of one name',
      {
        training: {
          metrics: [
            { name: 'a', regex: '(.)' },
            { name: 'a', regex: '(.)' },
          ],
        },
      },
      'training.metrics.1.name: "a" is the name',
    ],
    [
      'an instance that only serves',
      { training: { instanceType: 'ml.t2.medium' } },
      'training.instanceType: ml.t2.medium is not',
    ],
    [
      'an instance that doesn’t serve',
      { deployment: { target: 'sagemaker', instances: { type: 'ml.m5.9large' } } },
      'deployment.instances.type: ml.m5.9large is not',
    ],
    [
      'a key for a disk of its own',
      { training: { kmsKeyId: id, instanceType: 'ml.g5.xlarge' } },
      'training.instanceType: ml.g5.xlarge encrypts',
    ],
    [
      'a script with a dot',
      { training: { entryPoint: 'train.v2.py' }, ...deployed },
      "training.entryPoint: train.v2.py can't be imported",
    ],
    [
      'a shell script that serves',
      { training: { entryPoint: 'train.sh' }, prediction },
      "training.entryPoint: train.sh can't be imported",
    ],
    [
      'a script called like a module',
      { training: { entryPoint: 'sklearn.py' }, ...deployed },
      'training.entryPoint: sklearn.py has the name',
    ],
    [
      'a version that doesn’t serve',
      { training: { frameworkVersion: '1.4-2' }, ...deployed },
      'training.frameworkVersion: there is no sklearn image 1.4-2',
    ],
    [
      'serverless in a network',
      { training: { vpc }, deployment: { target: 'sagemaker', serverless: {} } },
      'deployment.serverless: has no network',
    ],
    ['more CPU than the limit', kyma({ requests: { cpu: '1500m' } }), 'deployment.resources.requests.cpu: is 1500m'],
    [
      'more memory than the limit',
      kyma({ limits: { memory: '256Mi' } }),
      'deployment.resources.requests.memory: is 512Mi',
    ],
    ['no CPU', kyma({ requests: { cpu: '0m' } }), 'deployment.resources.requests.cpu: must be more than 0'],
    ['a target in the key', { source: { ...base.source, target: 'ID' } }, 'source.target: is a column of the key'],
    [
      'columns without the target',
      { source: { ...base.source, columns: ['A'] } },
      'source.columns: leaves out the target "LATE"',
    ],
    ['scheduled scoring of nothing', { schedule: [{ rate: '1 day', mode: 'score' }] }, 'schedule.0.mode: is score'],
    ['31 February', { schedule: [{ cron: '0 3 31 2 ? *' }] }, 'schedule.0.cron: never matches'],
    ['31 April to June without May', { schedule: [{ cron: '0 3 31 4,6 ? *' }] }, 'schedule.0.cron: never matches'],
    ['29 February of no leap year', { schedule: [{ cron: '0 3 29 2 ? 2027' }] }, 'schedule.0.cron: never matches'],
  ])('refuses %s before anything is read', (_, settings, mistake) => {
    expect(mistakesOf(settings)).toEqual([expect.stringContaining(mistake)]);
  });
});
