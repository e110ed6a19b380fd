import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatasetManifest } from '#shared/dataset/manifest.ts';
import type { Run } from '#shared/pipeline/run.ts';
import { changesBetween, trainingInputs } from '#shared/reuse/training-inputs.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { definitionOf, givenDataset } from '#test/shared/pipeline/fixture.ts';

interface Ingredients {
  readonly run: Pick<Run, 'definition' | 'scriptsSha256' | 'codeSha256'>;
  readonly train: DatasetManifest;
  readonly test: DatasetManifest;
  readonly imageUri: string;
}

const store = inMemoryObjectStore();
const train = await givenDataset(store, 'train', ['ID', 'A', 'LATE'], ['1,a,0\n', '2,b,1\n']);
const test = await givenDataset(store, 'test', ['ID', 'A', 'LATE'], ['3,c,0\n']);

const withSettings = (settings: object): Ingredients => ({
  run: { definition: definitionOf(settings), scriptsSha256: 'scripts', codeSha256: 'folder' },
  train,
  test,
  imageUri: 'image:1',
});
const BASE = withSettings({});

const inputsOf = ({ run, train, test, imageUri }: Ingredients) => trainingInputs(run, { train, test }, imageUri);
const changed = (ingredients: Ingredients) => changesBetween(inputsOf(BASE), inputsOf(ingredients));

const withFirstPart = (change: object): DatasetManifest => ({
  ...train,
  parts: [{ ...train.parts[0]!, ...change }, train.parts[1]!],
});

describe('a training’s inputs', () => {
  it.each<[string, string, Ingredients]>([
    ['another content of a part', 'data', { ...BASE, train: withFirstPart({ sha256: 'f'.repeat(64) }) }],
    ['one part less', 'data', { ...BASE, train: { ...train, parts: train.parts.slice(1) } }],
    ['parts in another order', 'data', { ...BASE, train: { ...train, parts: train.parts.toReversed() } }],
    ['other rows to test', 'data', { ...BASE, test: { ...test, parts: [] } }],
    ['another column', 'data', { ...BASE, train: { ...train, columns: train.columns.slice(1) } }],
    ['a header', 'data', { ...BASE, train: { ...train, format: { type: 'csv', header: true } } }],
    ['another target', 'data', withSettings({ source: { view: 'V_TRAINING', key: ['ID'], target: 'A' } })],
    ['another key', 'data', withSettings({ source: { view: 'V_TRAINING', key: ['A'], target: 'LATE' } })],
    ['another script', 'code', { ...BASE, run: { ...BASE.run, scriptsSha256: 'other' } }],
    ['another entry point', 'code', withSettings({ training: { entryPoint: 'fit.py' } })],
    ['another image', 'settings', { ...BASE, imageUri: 'image:2' }],
    ['a hyperparameter', 'settings', withSettings({ training: { hyperparameters: { depth: 1 } } })],
    ['another instance', 'settings', withSettings({ training: { instanceType: 'ml.m5.xlarge' } })],
    ['more instances', 'settings', withSettings({ training: { instanceCount: 2 } })],
    ['a metric', 'settings', withSettings({ training: { metrics: [{ name: 'auc', regex: '(.*)' }] } })],
    ['a variable', 'settings', withSettings({ training: { environment: { SEED: '1' } } })],
    ['another key of encryption', 'settings', withSettings({ training: { kmsKeyId: 'alias/x' } })],
    ['no network', 'settings', withSettings({ training: { networkIsolation: true } })],
    ['an approval by hand', 'settings', withSettings({ deployment: { target: 'sagemaker', approval: 'manual' } })],
  ])('are others with %s', (_, input, ingredients) => {
    expect(changed(ingredients)).toEqual([input]);
  });

  it.each<[string, Ingredients]>([
    ['who has staged the data, and when', { ...BASE, train: { ...train, runUri: 'elsewhere', sealedAt: 'later' } }],
    ['where the parts lie', { ...BASE, train: withFirstPart({ uri: 's3://elsewhere/part' }) }],
    ['settings in pipeline.yml that train nothing', { ...BASE, run: { ...BASE.run, codeSha256: 'other' } }],
    ['how long it may take', withSettings({ training: { maxRuntimeSeconds: 60 } })],
    ['what it may cost', withSettings({ training: { spot: { maxWaitSeconds: 7200 }, volumeSizeGb: 50 } })],
    ['its tags', withSettings({ training: { tags: { team: 'pricing' } } })],
    ['the framework, where the image is the same', withSettings({ training: { frameworkVersion: '1.2-1' } })],
    ['the endpoint', withSettings({ deployment: { target: 'sagemaker', instances: { count: 3 } } })],
  ])('are the same whatever %s', (_, ingredients) => {
    expect(changed(ingredients)).toEqual([]);
  });

  it('are the same for the same gate or another', () => {
    const training = { metrics: [{ name: 'auc', regex: '(.*)' }] };
    const lenient = inputsOf(withSettings({ training, gate: [{ metric: 'auc', min: 0.5 }] }));
    const strict = inputsOf(withSettings({ training, gate: [{ metric: 'auc', min: 0.9 }] }));

    expect(lenient).toEqual(strict);
  });

  it('tell any two sets of hyperparameters apart, and no set from itself in another order', () => {
    const names = fc.stringMatching(/^[a-z-]{1,8}$/);
    const values = fc.dictionary(names, fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true, maxKeys: 5 });
    const digest = (hyperparameters: object) => inputsOf(withSettings({ training: { hyperparameters } })).settings;
    const canonical = (value: object) => JSON.stringify(value, Object.keys(value).sort());

    fc.assert(
      fc.property(values, values, (left, right) => {
        const reversed = Object.fromEntries(Object.entries(left).reverse());
        expect(digest(reversed)).toBe(digest(left));
        if (canonical(left) !== canonical(right)) expect(digest(left)).not.toBe(digest(right));
      }),
      { numRuns: 100 },
    );
  });
});
