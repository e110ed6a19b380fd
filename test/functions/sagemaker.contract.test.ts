import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployEndpoint as deployEndpointStep } from '#functions/deployment/deploy-endpoint/deploy-endpoint.ts';
import { restoreEndpoint as restoreEndpointStep } from '#functions/deployment/restore-endpoint/restore-endpoint.ts';
import { smokeTest as smokeTestStep } from '#functions/deployment/smoke-test/smoke-test.ts';
import { planScoring as planScoringStep } from '#functions/prediction/plan-scoring/plan-scoring.ts';
import { scorePart as scorePartStep } from '#functions/prediction/score-part/score-part.ts';
import { transformDataset as transformDatasetStep } from '#functions/prediction/transform-dataset/transform-dataset.ts';
import { evaluateModel as evaluateModelStep } from '#functions/training/evaluate-model/evaluate-model.ts';
import { registerModel as registerModelStep } from '#functions/training/register-model/register-model.ts';
import { trainModel as trainModelStep } from '#functions/training/train-model/train-model.ts';
import { type Run, runFolderUri } from '#shared/pipeline/run.ts';
import { sourceArchive, sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import type { TrainingJobResult } from '#shared/tasks/training-job-verdict.ts';
import { collect } from '#test/collect.ts';
import { granted } from '#test/functions/granted.ts';
import { givenArchive } from '#test/shared/models/fixture.ts';
import { givenDataset, givenRun, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { openSageMaker } from './open-sagemaker.ts';

/** Learns a factor, and answers with factor x feature. `fail` and `empty` are ways to go wrong; `broken` breaks serving. */
const SCRIPT = `
import argparse, csv, glob, os, sys
def model_fn(folder):
    if os.path.exists(os.path.join(folder, "broken")):
        raise RuntimeError("the model can't be loaded")
    return float(open(os.path.join(folder, "factor")).read())
def input_fn(body, content_type):
    return [float(row[0]) for row in csv.reader(body.splitlines())]
def predict_fn(rows, factor):
    return [row * factor for row in rows]
def output_fn(answers, accept):
    return "".join("%g\\n" % answer for answer in answers), accept
if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--factor", type=float, default=2)
    parser.add_argument("--way", default="well")
    arguments, _ = parser.parse_known_args()
    if arguments.way == "fail":
        raise ValueError("column 3 is not numeric")
    rows = [row for file in glob.glob(os.environ["SM_CHANNEL_TRAIN"] + "/*") for row in csv.reader(open(file))]
    print("rows=%d" % len(rows))
    if arguments.way != "empty":
        open(os.path.join(os.environ["SM_MODEL_DIR"], "factor"), "w").write(str(arguments.factor))
    if arguments.way == "broken":
        open(os.path.join(os.environ["SM_MODEL_DIR"], "broken"), "w").write("")
`;

const deployEndpoint = granted('deployEndpoint', deployEndpointStep);
const restoreEndpoint = granted('restoreEndpoint', restoreEndpointStep);
const smokeTest = granted('smokeTest', smokeTestStep);
const planScoring = granted('planScoring', planScoringStep);
const scorePart = granted('scorePart', scorePartStep);
const transformDataset = granted('transformDataset', transformDatasetStep);
const evaluateModel = granted('evaluateModel', evaluateModelStep);
const registerModel = granted('registerModel', registerModelStep);
const trainModel = granted('trainModel', trainModelStep);

let laptop: Awaited<ReturnType<typeof openSageMaker>>;
beforeAll(async () => {
  laptop = await openSageMaker();
});
afterAll(() => laptop.close());

const given = async (runId: string, hyperparameters: object = {}): Promise<Run> => {
  const { objectStore } = laptop.ports;
  const archive = await sourceArchive([{ path: 'train.py', content: Buffer.from(SCRIPT) }]);
  const source = await givenArchive(objectStore, sourceArchiveUri(runFolderUri(STORE_URI, 'flights', runId)), archive);
  const run = await givenRun(objectStore, {
    sourceSha256: source.sha256,
    runId,
    settings: {
      training: { hyperparameters, metrics: [{ name: 'rows', regex: 'rows=([0-9]+)' }] },
      gate: [{ metric: 'rows', min: 4 }],
      deployment: { target: 'sagemaker' },
      prediction: {
        source: { view: 'V_SCORE', key: ['ID', 'DAY'] },
        method: 'endpoint',
        columns: [{ name: 'P', type: 'DOUBLE' }],
        target: { table: 'T' },
      },
    },
  });
  await givenDataset(
    objectStore,
    'train',
    ['ID', 'A', 'LATE'],
    ['1,0.5,1\n2,1,0\n', '3,2,1\n4,3,0\n'],
    false,
    run.runUri,
  );
  await givenDataset(objectStore, 'test', ['ID', 'A', 'LATE'], ['5,0.5,1\n6,1,0\n'], false, run.runUri);
  await givenDataset(
    objectStore,
    'score',
    ['ID', 'DAY', 'A'],
    ['1,"Mon, 1",3\n2,Tue,4\n', '3,Wed,5\n'],
    false,
    run.runUri,
  );
  return run;
};

const train = ({ runUri }: Run) =>
  laptop.answered((taskToken) =>
    trainModel({ runUri, taskToken, attemptId: 'execution#0' }, laptop.ports, laptop.settings),
  );

const registered = async (run: Run): Promise<string> => {
  const { success } = await train(run);
  const { trainingJobName, modelUri } = success as TrainingJobResult;
  const { runUri } = run;
  const { metrics } = await evaluateModel({ runUri, trainingJobName, modelUri }, laptop.ports);
  const model = { runUri, trainedByRunUri: runUri, trainingJobName, metrics };
  return (await registerModel(model, laptop.ports, laptop.settings)).modelRecordUri;
};

const deploy = ({ runUri }: Run, modelRecordUri: string) =>
  laptop.answered((taskToken) => deployEndpoint({ runUri, modelRecordUri, taskToken }, laptop.ports, laptop.settings));

describe('on the laptop’s SageMaker', () => {
  it('trains, judges, deploys, tests and predicts by endpoint and by transform, to the same rows', async () => {
    const { ports } = laptop;
    const run = await given('good');
    const { runUri } = run;

    const { success } = await train(run);
    const { trainingJobName, modelUri } = success as TrainingJobResult;
    expect(await evaluateModel({ runUri, trainingJobName, modelUri }, ports)).toMatchObject({
      gatePassed: true,
      metrics: { rows: 4 },
      reason: '',
    });

    const modelRecordUri = await registered(run);
    expect(await deploy(run, modelRecordUri)).toMatchObject({ success: { endpointName: 'flights' } });
    expect(await smokeTest({ runUri, endpointName: 'flights' }, ports)).toEqual({ rowCount: 2 });

    const { plan } = await planScoring({ runUri, modelRecordUri }, ports);
    const { text } = await ports.objectStore.getText(`s3://${plan!.bucket}/${plan!.key}`);
    for (const line of text.trimEnd().split('\n')) await scorePart(JSON.parse(line), ports);
    const byEndpoint = await predictions(runUri, '.csv');

    const transformed = await laptop.answered((taskToken) =>
      transformDataset({ runUri, modelRecordUri, taskToken, attemptId: 'execution#0' }, ports, laptop.settings),
    );
    expect(transformed.failure).toBeUndefined();
    const byTransform = await predictions(runUri, '.out');

    expect(byEndpoint).toEqual(['1,"Mon, 1",6', '2,Tue,8', '3,Wed,10']);
    expect(byTransform).toEqual(byEndpoint);
  });

  it('ends a failed training with the script’s own exception', async () => {
    const { failure } = await train(await given('raises', { way: 'fail' }));

    expect(failure!.error).toBe('TrainingFailedError');
    expect(failure!.cause).toMatch(/Traceback[\s\S]*ValueError: column 3 is not numeric$/);
  });

  it('misses the model of a script that left none', async () => {
    const run = await given('empty', { way: 'empty' });
    const { success } = await train(run);
    const { trainingJobName, modelUri } = success as TrainingJobResult;

    await expect(evaluateModel({ runUri: run.runUri, trainingJobName, modelUri }, laptop.ports)).rejects.toMatchObject({
      name: 'ModelMissingError',
    });
  });

  it('keeps the old model serving when a new one doesn’t come up, and says why', async () => {
    const old = await given('old', { factor: 10 });
    await deploy(old, await registered(old));
    const broken = await given('broken', { way: 'broken' });

    const { failure } = await deploy(broken, await registered(broken));

    expect(failure!.error).toBe('EndpointFailedError');
    expect(failure!.cause).toMatch(/as before[\s\S]*RuntimeError: the model can't be loaded$/);
    expect(await laptop.ports.modelServer.predict('flights', '1\n2\n')).toBe('10\n20\n');
  });

  it('gives the endpoint back to the model from before', async () => {
    const old = await given('first', { factor: 3 });
    await deploy(old, await registered(old));
    const next = await given('second', { factor: 4 });
    await deploy(next, await registered(next));
    expect(await laptop.ports.modelServer.predict('flights', '1\n2\n')).toBe('4\n8\n');

    const { failure } = await laptop.answered((taskToken) =>
      restoreEndpoint({ runUri: next.runUri, taskToken }, laptop.ports),
    );

    expect(failure).toBeUndefined();
    expect(await laptop.ports.modelServer.predict('flights', '1\n2\n')).toBe('3\n6\n');
  });
});

/** All rows of a run's predictions, in the order of their objects. */
const predictions = async (runUri: string, suffix: string): Promise<string[]> => {
  const { objectStore } = laptop.ports;
  const objects = (await collect(objectStore.list(predictionPartsUri(runUri)))).filter(({ uri }) =>
    uri.endsWith(suffix),
  );
  const texts = await Promise.all(objects.map(async ({ uri }) => (await objectStore.getText(uri)).text));
  return texts.join('').trimEnd().split('\n');
};
