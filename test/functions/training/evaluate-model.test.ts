import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { evaluateModel as evaluateModelStep } from '#functions/training/evaluate-model/evaluate-model.ts';
import { sealArchive } from '#shared/models/archive.ts';
import { findTraining } from '#shared/reuse/known-training.ts';
import { type ModelSearch, saveModelSearch } from '#shared/reuse/model-search.ts';
import { trainingOutputUri } from '#shared/sagemaker/training-job.ts';
import { granted } from '#test/functions/granted.ts';
import { givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryPorts, inMemoryPorts } from '#test/shared/tasks/ports.ts';

const evaluateModel = granted('evaluateModel', evaluateModelStep);

const MODEL_URI = `${trainingOutputUri(RUN_URI)}job-1/output/model.tar.gz`;
const metricsOf = (...names: string[]) => names.map((name) => ({ name, regex: `${name}=(.*)` }));

let ports: InMemoryPorts;
beforeEach(async () => {
  ports = inMemoryPorts();
  await givenArchive({ 'model.joblib': 'x' });
});

const givenArchive = async (files: Record<string, string>, folderCount = 1): Promise<void> => {
  const archive = pack();
  for (let each = 0; each < folderCount; each += 1) archive.entry({ name: `code-${each}/`, type: 'directory' });
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  await ports.objectStore.put(MODEL_URI, gzipSync(await buffer(archive)));
};

const evaluate = async (gate: object[], values: Record<string, number>) => {
  await givenRun(ports.objectStore, { settings: { training: { metrics: metricsOf('auc', 'loss') }, gate } });
  ports.sageMaker.trainingJobs.set('job-1', {
    TrainingJobStatus: 'Completed',
    BillableTimeInSeconds: 60,
    FinalMetricDataList: Object.entries(values).map(([MetricName, Value]) => ({ MetricName, Value })),
  } as never);
  return evaluateModel({ runUri: RUN_URI, trainingJobName: 'job-1', modelUri: MODEL_URI }, ports);
};

describe('the gate', () => {
  it('is passed when every rule holds, and the evaluation is recorded', async () => {
    const evaluation = await evaluate(
      [
        { metric: 'auc', min: 0.7 },
        { metric: 'loss', max: 1 },
      ],
      { auc: 0.7, loss: 0.2 },
    );

    expect(evaluation).toEqual({ gatePassed: true, metrics: { auc: 0.7, loss: 0.2 }, reason: '', billableSeconds: 60 });
    expect(JSON.parse(ports.objectStore.objects.get(`${RUN_URI}training/evaluation.json`)!)).toMatchObject({
      gatePassed: true,
      billableSeconds: 60,
      rules: [
        { metric: 'auc', min: 0.7, value: 0.7, passed: true },
        { metric: 'loss', max: 1, value: 0.2, passed: true },
      ],
    });
  });

  it('is passed where there are no rules', async () => {
    expect(await evaluate([], {})).toMatchObject({ gatePassed: true });
  });

  it('says for each rule that doesn’t hold why', async () => {
    const { gatePassed, reason } = await evaluate(
      [
        { metric: 'auc', min: 0.7 },
        { metric: 'loss', max: 0.1 },
      ],
      { auc: 0.69, loss: 0.2 },
    );

    expect(gatePassed).toBe(false);
    expect(reason).toBe('auc is 0.69, below the minimum of 0.7. loss is 0.2, above the maximum of 0.1.');
  });

  it('isn’t passed by a metric that was never printed', async () => {
    const { gatePassed, reason } = await evaluate([{ metric: 'auc', min: 0.7 }], { loss: 0.2 });

    expect(gatePassed).toBe(false);
    expect(reason).toContain('auc was never printed');
  });

  it('isn’t passed by a metric that is no number', async () => {
    const { gatePassed, reason, metrics } = await evaluate([{ metric: 'auc', max: 2 }], { auc: Number.NaN });

    expect({ gatePassed, metrics }).toEqual({ gatePassed: false, metrics: { auc: null } });
    expect(reason).toContain('NaN');
  });
});

describe('a model that was trained', () => {
  const inputs = { data: 'a'.repeat(64), code: 'b'.repeat(64), settings: 'c'.repeat(64) };
  const place = { runUri: RUN_URI, pipeline: 'flights' };
  const searched = (reused: ModelSearch['reused']) =>
    saveModelSearch(ports.objectStore, RUN_URI, { inputs, reused, because: 'of the test' });

  it('is one for later runs to find, also when it doesn’t pass the gate of this one', async () => {
    await searched(null);

    await evaluate([{ metric: 'auc', min: 0.7 }], { auc: 0.1 });

    expect(await findTraining(ports.objectStore, place, inputs)).toMatchObject({
      runUri: RUN_URI,
      trainingJobName: 'job-1',
      modelArchive: { uri: MODEL_URI },
    });
  });

  it('is none to be found when its archive is empty', async () => {
    await searched(null);
    await givenArchive({});

    await expect(evaluate([], {})).rejects.toMatchObject({ name: 'ModelMissingError' });
    expect(await findTraining(ports.objectStore, place, inputs)).toBeUndefined();
  });

  it('isn’t judged again in the place of another that an earlier try has judged', async () => {
    await evaluate([], {});
    await givenArchive({ 'model.joblib': 'another' });

    await expect(evaluate([], {})).rejects.toMatchObject({ name: 'ModelChangedError' });
  });

  it('isn’t taken for the model of an earlier run when it was overwritten since that was found', async () => {
    const modelArchive = await sealArchive(ports.objectStore, MODEL_URI);
    await searched({ runUri: RUN_URI.replace('run-1', 'run-0'), trainingJobName: 'job-1', modelArchive });
    await givenArchive({ 'model.joblib': 'another' });

    await expect(evaluate([], {})).rejects.toMatchObject({ name: 'ModelChangedError' });
  });

  it('stays the other run’s where it is reused', async () => {
    await searched({
      runUri: RUN_URI.replace('run-1', 'run-0'),
      trainingJobName: 'job-1',
      modelArchive: await sealArchive(ports.objectStore, MODEL_URI),
    });

    await evaluate([], {});

    expect(await findTraining(ports.objectStore, place, inputs)).toBeUndefined();
  });
});

describe('the model', () => {
  it('is missing when its archive holds folders only', async () => {
    await givenArchive({});

    await expect(evaluate([], {})).rejects.toMatchObject({
      name: 'ModelMissingError',
      message: expect.stringContaining('SM_MODEL_DIR'),
    });
  });

  it('is missing when its archive holds more folders than anybody reads, and no file', async () => {
    await givenArchive({}, 10_001);
    await expect(evaluate([], {})).rejects.toMatchObject({
      name: 'ModelMissingError',
      message: expect.stringContaining('10000 members are no files'),
    });

    await givenArchive({ 'model.joblib': 'x' }, 9_999);
    expect(await evaluate([], {})).toMatchObject({ gatePassed: true });
  });

  it('is missing when its archive is none', async () => {
    await ports.objectStore.put(MODEL_URI, 'no archive');

    await expect(evaluate([], {})).rejects.toMatchObject({ name: 'ModelMissingError' });
  });

  it('is found at its first file; what follows is not read', async () => {
    await givenArchive({ 'model.joblib': 'x', 'large.bin': 'y'.repeat(5_000_000) });
    const whole = Buffer.from(await buffer(await ports.objectStore.getStream(MODEL_URI)));
    await ports.objectStore.put(MODEL_URI, whole.subarray(0, whole.length - 100));

    expect(await evaluate([], {})).toMatchObject({ gatePassed: true });
  });
});
