import { describe, expect, it } from 'vitest';
import { applyOverrides, OVERRIDABLE_PATHS } from '#shared/pipeline/overrides.ts';
import { definitionOf } from './fixture.ts';

const definition = definitionOf({
  deployment: { target: 'sagemaker', serverless: {} },
  training: { hyperparameters: { depth: 3 } },
  prediction: {
    source: { view: 'V_SCORE', key: ['ID'] },
    columns: [{ name: 'P', type: 'DOUBLE' }],
    target: { table: 'T' },
  },
});

describe('applyOverrides', () => {
  it('replaces single settings and leaves the rest and the original alone', () => {
    const changed = applyOverrides(definition, {
      'training.hyperparameters.depth': 5,
      'training.hyperparameters.max.leaf-nodes': [1, 2],
      'training.spot.maxWaitSeconds': 7200,
      'source.split.testFraction': 0.3,
    });

    expect(changed.training).toMatchObject({
      hyperparameters: { depth: 5, 'max.leaf-nodes': [1, 2] },
      spot: { maxWaitSeconds: 7200 },
      instanceType: 'ml.m5.large',
    });
    expect(changed.source.split.testFraction).toBe(0.3);
    expect(definition.training.hyperparameters).toEqual({ depth: 3 });
  });

  it('lets a view shrink for one run, as the error for it advises', () => {
    const changed = applyOverrides(definition, { 'source.maxShrink': 0.95, 'prediction.source.maxShrink': 1 });

    expect([changed.source.maxShrink, changed.prediction?.source.maxShrink]).toEqual([0.95, 1]);
  });

  it('switches reuse off, which stands at the top of pipeline.yml', () => {
    expect(applyOverrides(definition, { reuse: false }).reuse).toBe(false);
    expect(definition.reuse).toBe(true);
  });

  it('takes a setting away by null, so that another can take its place', () => {
    const changed = applyOverrides(definition, {
      'deployment.serverless': null,
      'deployment.instances.count': 2,
    });

    expect(changed.deployment).toMatchObject({ instances: { type: 'ml.m5.large', count: 2 } });
    expect(changed.deployment).not.toHaveProperty('serverless');
  });

  it.each([
    'source.view',
    'source.target',
    'prediction.target.table',
    'prediction.source.view',
    'training.imageUri',
    'training.entryPoint',
    'training.environment.PATH',
    'training.vpc',
    'training.kmsKeyId',
    'name',
    '__proto__.polluted',
    'training.hyperparameters.__proto__',
    'training.hyperparameters.',
    '',
  ])('refuses to set %s', (path) => {
    expect(() => applyOverrides(definition, { [path]: 'x' })).toThrow(/can't be set for one run/);
  });

  it('reports every path that can’t be set, with the nearest ones', () => {
    expect(() => applyOverrides(definition, { 'training.instancetype': 'ml.m5.xlarge', 'source.view': 'V' })).toThrow(
      /training\.instancetype: can't be set.*training\.instanceType[\s\S]*source\.view/,
    );
  });

  it('reports every value that doesn’t fit', () => {
    expect(() =>
      applyOverrides(definition, { 'training.instanceType': 'huge', 'source.split.testFraction': 2 }),
    ).toThrow(/source\.split\.testFraction[\s\S]*training\.instanceType|training\.instanceType[\s\S]*source\.split/);
  });

  it('judges the whole definition again: a run time beyond the spot wait is refused', () => {
    const overrides = { 'training.spot.maxWaitSeconds': 60, 'training.maxRuntimeSeconds': 600 };

    expect(() => applyOverrides(definition, overrides)).toThrow(/training\.spot\.maxWaitSeconds: must be at least/);
  });

  it('says so when pipeline.yml has no such section', () => {
    expect(() => applyOverrides(definitionOf(), { 'prediction.method': 'endpoint' })).toThrow(/has no prediction/);
  });

  it('allows nothing that decides what is read, written or permitted', () => {
    expect(
      OVERRIDABLE_PATHS.filter((path) => /view|schema|column|key|target|table|role|vpc|kms|image/i.test(path)),
    ).toEqual([]);
  });
});
