import { rm } from 'node:fs/promises';
import { ListTrainingJobsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sageMakerModelServer } from '#shared/sagemaker/sagemaker-runtime.ts';
import { MUTE } from './mute-model.ts';
import { pipelinesFromTiny } from './pipelines-from-tiny.ts';
import { openTestCloud, type TestCloud } from './test-cloud.ts';

/** A row for the tiny model: no key, no target. */
const PENGUIN = 'Biscoe,50.0,15.0,220,5000,MALE\n';

describe('bad input, through the whole system', () => {
  let cloud: TestCloud;
  let pipelinesDir: string;

  beforeAll(async () => {
    pipelinesDir = await pipelinesFromTiny({
      'unknown-view': { settings: { source: { view: 'V_PENGUIN' } } },
      'unknown-column': { settings: { source: { columns: ['SPECIES', 'BEAK_LENGHT_MM'] } } },
      'not-granted': { settings: { source: { view: 'V_SECRET' } } },
      'empty-view': { settings: { source: { view: 'V_NOTHING' } }, files: SPACE },
      raises: { files: { 'train.py': RAISES } },
      'no-model': { settings: { training: { metrics: [] }, gate: [] }, files: { 'train.py': 'print("done")\n' } },
      unservable: { settings: { deployment: { endpointName: 'tiny-local' } }, files: { 'train.py': UNSERVABLE } },
      mute: { settings: { deployment: { endpointName: 'tiny-local' } }, files: { 'train.py': MUTE } },
      'mute-at-first': { files: { 'train.py': MUTE } },
      unwritable: { settings: { prediction: { columns: [{ name: 'SPECIES', type: 'NVARCHAR(6)' }, CONFIDENCE] } } },
      mistaken: { files: { 'pipeline.yml': MISTAKEN } },
    });
    cloud = await openTestCloud({ pipelinesDir });
  });

  afterAll(async () => {
    await cloud?.close();
    await rm(pipelinesDir, { recursive: true, force: true });
  });

  it.each([
    ['unknown-view', 'UnknownWarehouseObjectError', [/V_PENGUIN\b/, /"V_PENGUINS"/]],
    ['unknown-column', 'UnknownWarehouseObjectError', [/BEAK_LENGHT_MM/, /BEAK_LENGTH_MM/]],
    ['not-granted', 'WarehousePrivilegeError', [/V_SECRET/, /HANA 258/, /"Expose for Consumption"/, /GRANT SELECT/]],
    ['empty-view', 'EmptyDatasetError', [/V_NOTHING/]],
    [
      'mistaken',
      'InvalidPipelineError',
      [/has 5 mistakes/, /pipeline\.yml:3: source\.viwe/, /:7: training\.instanceType/],
    ],
    ['mistakn', 'UnknownPipelineError', [/Did you mean "?mistaken/]],
  ])('ends %s as %s, before a training job is paid for', async (pipeline, error, causes) => {
    const execution = await cloud.run({ pipeline });

    expect(execution).toMatchObject({ status: 'FAILED', error });
    for (const cause of causes) expect(execution.cause).toMatch(cause);
    expect(await trainingJobs(pipeline)).toEqual([]);
  });

  it('says of a wrong password whose it is, and doesn’t try it again and again', async () => {
    const secrets = new SecretsManagerClient({});
    const SecretId = cloud.environment.FEDML_WAREHOUSE_SECRET_ARN!;
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    const wrong = JSON.stringify({ ...JSON.parse(SecretString!), password: 'Wrong1234' });
    await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: wrong }));

    const execution = await cloud.run({ pipeline: 'tiny' });
    await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: SecretString! }));

    expect(execution).toMatchObject({ status: 'FAILED', error: 'WarehouseLoginError' });
    expect(execution.cause).toMatch(/FLIGHTS#FEDML failed: HANA 10 authentication failed/);
    expect(execution.cause).toMatch(/warehouse secret/);
    expect(execution.cause).not.toContain('Wrong1234');
  });

  it('ends with the last words of a training script that raises', async () => {
    const execution = await cloud.run({ pipeline: 'raises' });

    expect(execution).toMatchObject({ status: 'FAILED', error: 'TrainingFailedError' });
    expect(execution.cause).toMatch(/in prepare[\s\S]*ValueError: the column SPECIES has 3 values/);
  });

  it('ends when a training script leaves no model', async () => {
    const execution = await cloud.run({ pipeline: 'no-model' });

    expect(execution).toMatchObject({ status: 'FAILED', error: 'ModelMissingError' });
    expect(execution.cause).toMatch(/SM_MODEL_DIR/);
  });

  it('leaves the old endpoint serving when a gate isn’t met or a new model can’t serve', async () => {
    const first = await cloud.run({ pipeline: 'tiny', mode: 'full' });
    expect(first).toMatchObject({ status: 'SUCCEEDED' });
    const before = await sageMakerModelServer().predict('tiny-local', PENGUIN + PENGUIN);

    const spoiled = await cloud.run({ pipeline: 'tiny', overrides: { 'training.hyperparameters.spoil': true } });
    const afterGate = await sageMakerModelServer().predict('tiny-local', PENGUIN + PENGUIN);
    const unservable = await cloud.run({ pipeline: 'unservable' });
    const afterPing = await sageMakerModelServer().predict('tiny-local', PENGUIN + PENGUIN);

    expect(spoiled).toMatchObject({ status: 'FAILED', error: 'GateNotPassedError' });
    expect(spoiled.cause).toMatch(/accuracy .*0\.8/);
    expect(unservable).toMatchObject({ status: 'FAILED', error: 'EndpointFailedError' });
    expect(unservable.cause).toMatch(/ping|model_fn|no way to load/);
    expect([afterGate, afterPing]).toEqual([before, before]);
  });

  it('takes a model out of service that fails its smoke test, and a target from a write that fails', async () => {
    const served = await sageMakerModelServer().predict('tiny-local', PENGUIN);

    const runs = ['mute', 'mute-at-first', 'unwritable'].map((pipeline) => cloud.run({ pipeline }));
    const [mute, muteAtFirst, unwritable] = await Promise.all(runs);

    expect(mute).toMatchObject({ status: 'FAILED', error: 'SmokeTestFailedError' });
    expect(await sageMakerModelServer().predict('tiny-local', PENGUIN)).toBe(served);
    expect(muteAtFirst).toMatchObject({ status: 'FAILED', error: 'SmokeTestFailedError' });
    await expect(sageMakerModelServer().predict('mute-at-first-local', PENGUIN)).rejects.toThrow(/doesn't exist/);
    expect(unwritable).toMatchObject({ status: 'FAILED', error: 'UnwritableValueError' });
    expect(await cloud.run({ pipeline: 'tiny', mode: 'score' })).toMatchObject({ status: 'SUCCEEDED' });
  });
});

const trainingJobs = async (pipeline: string): Promise<unknown> => {
  const { TrainingJobSummaries } = await new SageMakerClient({}).send(
    new ListTrainingJobsCommand({ NameContains: pipeline }),
  );
  return TrainingJobSummaries;
};

const SPACE = {
  'datasphere/space.yml': 'space: FLIGHTS\ntables: []\nsql: views.sql\n',
  'datasphere/views.sql': `
    CREATE OR REPLACE VIEW "FLIGHTS"."V_NOTHING" AS SELECT * FROM "FLIGHTS"."PENGUIN" WHERE 1 = 0;
    GRANT SELECT ON "FLIGHTS"."V_NOTHING" TO "FLIGHTS#FEDML";
    CREATE OR REPLACE VIEW "FLIGHTS"."V_SECRET" AS SELECT * FROM "FLIGHTS"."PENGUIN";`,
};

const RAISES = `
def prepare():
    raise ValueError("the column SPECIES has 3 values")

if __name__ == "__main__":
    prepare()
`;

/** Trains as tiny does, deploys to tiny's endpoint, and can't load its model. */
const UNSERVABLE = `
import os, pathlib

def model_fn(model_dir):
    raise RuntimeError("no way to load this")

if __name__ == "__main__":
    pathlib.Path(os.environ["SM_MODEL_DIR"], "model.joblib").write_text("not a model")
    print("accuracy=0.99")
`;

const CONFIDENCE = { name: 'CONFIDENCE', type: 'DOUBLE' };

const MISTAKEN = `name: mistaken
source:
  viwe: V_PENGUINS
  key: []
  target: SPECIES
training:
  instanceType: m5.large
deployment: { target: sagemaker, instances: { count: 0 } }
`;
