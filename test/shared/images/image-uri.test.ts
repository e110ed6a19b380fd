import { describe, expect, it } from 'vitest';
import { ecrHost, parseImageUri, referenceOf } from '#shared/images/image-uri.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('an image URI', () => {
  it.each([
    [
      '492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3',
      'sagemaker-scikit-learn',
      '1.2-1-cpu-py3',
    ],
    [`127.0.0.1:5000/team/models@${DIGEST}`, 'team/models', DIGEST],
    [`registry/models:v1@${DIGEST}`, 'models', DIGEST],
  ])('%s has a repository and what a manifest is asked for by', (uri, repository, reference) => {
    const image = parseImageUri(uri);

    expect(image.repository).toBe(repository);
    expect(referenceOf(image)).toBe(reference);
  });

  it.each([
    ['', 'it must be'],
    ['models:v1', 'it must be'],
    ['registry/models', 'neither a tag nor a digest'],
    ['registry/Models:v1', 'lower case only'],
    ['registry/../secrets:v1', 'not a repository'],
    ['registry/models/../../v2:v1', 'not a repository'],
    ['user@registry/models:v1', "not a registry's host"],
    ['registry/models:v 1', 'not a tag'],
    ['registry/models:..%2f', 'not a tag'],
    ['registry/models@sha256:abc', 'not a digest'],
    [`registry/models@md5:${'a'.repeat(32)}`, 'not a digest'],
  ])('%j is refused with its reason', (uri, reason) => {
    expect(() => parseImageUri(uri)).toThrow(reason);
  });

  it('tells account and region of an ECR registry, and nothing of another', () => {
    expect(ecrHost('492215442770.dkr.ecr.eu-central-1.amazonaws.com')).toEqual({
      accountId: '492215442770',
      region: 'eu-central-1',
    });
    expect(ecrHost('450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn')?.region).toBe('cn-north-1');
    expect(ecrHost('docker.io')).toBeUndefined();
    expect(ecrHost('492215442770.dkr.ecr.eu-central-1.amazonaws.com.evil.example')).toBeUndefined();
  });
});
