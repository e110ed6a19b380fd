import { ProductionVariantInstanceType, TrainingInstanceType, TransformInstanceType } from '@aws-sdk/client-sagemaker';
import { expect, it } from 'vitest';
import instanceTypes from '#shared/sagemaker/instance-types.json' with { type: 'json' };
import { hasLocalStorage } from '#shared/sagemaker/instance-types.ts';

it.each([
  ['training', TrainingInstanceType],
  ['endpoint', ProductionVariantInstanceType],
  ['transform', TransformInstanceType],
] as const)('has the instance types that the SDK has for %s', (purpose, known) => {
  expect(instanceTypes[purpose]).toEqual(Object.values(known).toSorted());
});

it.each([
  ['ml.m5d.xlarge', true],
  ['ml.c6gd.large', true],
  ['ml.g4dn.xlarge', true],
  ['ml.g5.xlarge', true],
  ['ml.p4d.24xlarge', true],
  ['ml.m5.large', false],
  ['ml.c6g.large', false],
  ['ml.p3.2xlarge', false],
  ['ml.inf1.xlarge', false],
])('knows whether %s has a disk of its own', (type, has) => {
  expect(hasLocalStorage(type)).toBe(has);
});
