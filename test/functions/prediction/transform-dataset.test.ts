import { expect, it } from 'vitest';
import { transformDataset as transformDatasetStep } from '#functions/prediction/transform-dataset/transform-dataset.ts';
import { granted } from '#test/functions/granted.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { givenDataset, givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { inMemoryPorts, keptTasks } from '#test/shared/tasks/ports.ts';

const transformDataset = granted('transformDataset', transformDatasetStep);

it('makes the model and starts its transform job, once', async () => {
  const ports = inMemoryPorts('token-1', 'token-2');
  const prediction = {
    source: { view: 'V_SCORE', key: ['ID'] },
    columns: [{ name: 'P', type: 'DOUBLE' }],
    target: { table: 'T' },
  };
  await givenRun(ports.objectStore, { settings: { prediction } });
  await givenDataset(ports.objectStore, 'score', ['ID', 'A'], ['1,a\n2,b\n']);
  const modelRecordUri = await givenModel(ports.objectStore);
  const settings = { region: 'eu-central-1', modelRoleArn: 'arn:aws:iam::1:role/model' };
  const transform = (taskToken: string) =>
    transformDataset({ runUri: RUN_URI, modelRecordUri, taskToken, attemptId: 'execution#0' }, ports, settings);

  await transform('token-1');
  await transform('token-2');

  const [job] = ports.sageMaker.transformJobs.values();
  expect(ports.sageMaker.transformJobs.size).toBe(1);
  expect([...ports.sageMaker.models.keys()]).toEqual([job!.ModelName]);
  expect(job!.DataProcessing).toEqual({ InputFilter: '$[1:]', JoinSource: 'Input', OutputFilter: '$[0,2:]' });
  expect(keptTasks(ports)).toHaveLength(2);
});
