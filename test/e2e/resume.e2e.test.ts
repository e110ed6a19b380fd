import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListTrainingJobsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { config } from '#shared/config.ts';
import { executionNameOf } from '#shared/executions/executions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { loadRunRecord } from '#shared/pipeline/run-record.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { pipelinesFromTiny } from './pipelines-from-tiny.ts';
import { openTestCloud, ROOT_DIR, type TestCloud } from './test-cloud.ts';

const TABLE = 'FRAGILE_SPECIES';
const warehouse = () => hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn));

describe('a run that fails three times for reasons that pass', () => {
  let cloud: TestCloud;
  let pipelinesDir: string;
  let troubles: string;

  beforeAll(async () => {
    troubles = await mkdtemp(join(tmpdir(), 'fedml-troubles-'));
    const script = await readFile(join(ROOT_DIR, 'test', 'pipelines', 'tiny', 'train.py'), 'utf8');
    pipelinesDir = await pipelinesFromTiny({
      fragile: {
        settings: { prediction: { target: { table: TABLE } } },
        files: { 'train.py': withTroubles(script, troubles) },
      },
    });
    cloud = await openTestCloud({ pipelinesDir });
  });

  afterAll(async () => {
    await cloud?.close();
    for (const folder of [pipelinesDir, troubles]) await rm(folder, { recursive: true, force: true });
  });

  const begin = (trouble: string) => writeFile(join(troubles, trouble), '');
  const end = (trouble: string) => rm(join(troubles, trouble));

  it('is resumed each time where it failed, and nothing is made twice', async () => {
    await begin('training');
    await begin('serving');

    const first = await cloud.run({ pipeline: 'fragile' });
    const runId = executionNameOf(first.executionArn);
    await end('training');
    const second = await cloud.ended((await cloud.resume(runId)).executionArn);
    await end('serving');
    // Before the training it would have been found at once.
    await warehouse().write({ runId: 'somebody' }, (session) =>
      session.createTable({ name: TABLE, columns: [columnOfType('OTHER', 'INTEGER', false)], primaryKey: ['OTHER'] }),
    );
    const third = await cloud.ended((await cloud.resume(runId)).executionArn);
    await warehouse().write({ runId: 'somebody' }, (session) => session.dropTable(TABLE));
    const fourth = await cloud.ended((await cloud.resume(runId)).executionArn);

    expect([first, second, third].map(({ error }) => error)).toEqual([
      'TrainingFailedError',
      'EndpointFailedError',
      'TargetTableError',
    ]);
    expect(fourth).toMatchObject({ status: 'SUCCEEDED' });
    const record = await loadRunRecord(s3ObjectStore(), `${config().storeUri}/runs/fragile/${runId}/`);
    expect(record).toMatchObject({
      runId,
      outcome: 'succeeded',
      executionArn: fourth.executionArn,
      resumptions: [
        { after: 'TrainingFailedError' },
        { after: 'EndpointFailedError' },
        { after: 'TargetTableError', executionArn: fourth.executionArn },
      ],
      reused: {},
      prediction: { publication: { table: TABLE, rowCount: 34 } },
    });
    expect(await jobStatuses('fragile-')).toEqual(['Completed', 'Failed']);
    const { rows } = await warehouse().query(
      `SELECT RUN_ID, COUNT(*), COUNT(DISTINCT PENGUIN_ID) FROM ${TABLE} GROUP BY RUN_ID`,
    );
    expect(rows).toEqual([[runId, 34, 34]]);
    await expect(cloud.resume(runId)).rejects.toThrow(/RunHasSucceeded/);
  });
});

const jobStatuses = async (NameContains: string): Promise<(string | undefined)[]> => {
  const { TrainingJobSummaries } = await new SageMakerClient({}).send(new ListTrainingJobsCommand({ NameContains }));
  return TrainingJobSummaries!.map((job) => job.TrainingJobStatus).sort();
};

/** Training fails while there is a file `training`; the model can't be loaded while there is one `serving`. */
const withTroubles = (script: string, folder: string): string => `import os as _os

def _trouble(name):
    if _os.path.exists(_os.path.join(${JSON.stringify(folder)}, name)):
        raise RuntimeError("trouble in " + name)

${script
  .replace(/^def model_fn\(.*$/m, (line) => `${line}\n    _trouble("serving")`)
  .replace(/^if __name__ == .*$/m, (line) => `${line}\n    _trouble("training")`)}`;
