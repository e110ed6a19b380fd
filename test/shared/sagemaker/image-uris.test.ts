import { expect, it } from 'vitest';
import { frameworkImageUri, frameworkImageUris } from '#shared/sagemaker/image-uris.ts';

const uri = (image: Partial<Parameters<typeof frameworkImageUri>[0]>) =>
  frameworkImageUri({ framework: 'sklearn', region: 'us-east-1', scope: 'training', ...image });

it.each([
  [{ frameworkVersion: '1.2-1' }, '683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3'],
  [
    { frameworkVersion: '1.2-1', region: 'cn-north-1' },
    '450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-scikit-learn:1.2-1-cpu-py3',
  ],
  [
    { frameworkVersion: '1.2-1', region: 'us-isob-east-1' },
    '281123927165.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/sagemaker-scikit-learn:1.2-1-cpu-py3',
  ],
  [
    { framework: 'xgboost' as const, frameworkVersion: '1.7-1', region: 'eu-central-1' },
    '492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-xgboost:1.7-1',
  ],
  [
    { framework: 'xgboost' as const, frameworkVersion: '1.0-1', region: 'eu-west-1' },
    '141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3',
  ],
  [
    { framework: 'pytorch' as const, frameworkVersion: '2.6.0', instanceType: 'ml.g5.xlarge' },
    '763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.6.0-gpu-py312',
  ],
])('knows the image of %j', (image, expected) => {
  expect(uri(image)).toBe(expected);
});

it('takes a current version when none is asked for', () => {
  expect(uri({ scope: 'inference' })).toMatch(/sagemaker-scikit-learn:1\.4-2-py312-cpu-py3$/);
});

it('names the versions there are for an unknown one', () => {
  expect(() => uri({ frameworkVersion: '1.3-1' })).toThrow(/1\.3-1.*There are: .*1\.2-1/);
});

it('doesn’t serve by an image that only trains', () => {
  expect(uri({ frameworkVersion: '1.4-2' })).toContain('1.4-2-cpu-py3');
  expect(() => uri({ frameworkVersion: '1.4-2', scope: 'inference' })).toThrow(/for inference/);
});

it('names the regions there are for an unknown one', () => {
  expect(() => uri({ region: 'eu-atlantis-1' })).toThrow(/eu-atlantis-1.*eu-central-1/);
});

it('says how to serve a framework without a serving image', () => {
  expect(() => uri({ framework: 'pytorch', scope: 'inference' })).toThrow(/training\.imageUri/);
});

it('lists the images of a region', () => {
  const uris = frameworkImageUris({ region: 'eu-central-1', scope: 'training' });

  expect(uris).toContain('492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3');
  expect(uris).toContain(uri({ framework: 'pytorch', frameworkVersion: '2.6.0', region: 'eu-central-1' }));
  expect(new Set(uris).size).toBe(uris.length);
});
