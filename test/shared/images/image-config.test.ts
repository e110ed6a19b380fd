import { describe, expect, it } from 'vitest';
import type { BaseImage } from '#shared/images/base-image.ts';
import { digestOf } from '#shared/images/digest.ts';
import { modelImageConfig } from '#shared/images/image-config.ts';
import { DOCKER } from '#shared/images/media-types.ts';
import { servingOf } from '#shared/images/serving.ts';

const BASE: BaseImage = {
  uri: `registry/base@${digestOf('base')}`,
  digest: digestOf('base'),
  family: DOCKER,
  config: { digest: digestOf('config'), sizeBytes: 1 },
  layers: [{ digest: digestOf('layer'), sizeBytes: 1, mediaType: DOCKER.layer }],
};

const baseConfig = (config: object = {}, image: object = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: '2024-05-01T10:00:00Z',
      docker_version: '20.10',
      config,
      rootfs: { type: 'layers', diff_ids: [digestOf('layer')] },
      history: [{ created_by: 'base' }],
      ...image,
    }),
  );

const build = (
  config: object = {},
  image: object = {},
  repository = 'sagemaker-scikit-learn',
  hasRequirements = false,
) => {
  const serving = servingOf(repository);
  const environment = serving.environment({ entryPoint: 'train.py', hasRequirements });
  const bytes = modelImageConfig({
    base: BASE,
    baseConfig: baseConfig(config, image),
    diffId: digestOf('model'),
    environment,
    user: serving.user,
  });
  return JSON.parse(bytes.toString());
};

describe('the config of a model’s image', () => {
  it('is the base’s, with one layer more and no time of its own', () => {
    const config = build({ WorkingDir: '/home', Entrypoint: ['entry.sh'], Cmd: ['bash'] });

    expect(config).toMatchObject({ docker_version: '20.10', created: '1970-01-01T00:00:00Z' });
    expect(config.rootfs.diff_ids).toEqual([digestOf('layer'), digestOf('model')]);
    expect(config.history).toHaveLength(2);
    expect(config.config).toMatchObject({
      WorkingDir: '/home',
      Entrypoint: ['entry.sh'],
      Cmd: ['serve'],
      ExposedPorts: { '8080/tcp': {} },
    });
  });

  it('keeps the base’s variables in their order, replaces ours, and puts our path before its', () => {
    const { config } = build({ Env: ['PATH=/bin', 'SAGEMAKER_PROGRAM=old.py', 'PYTHONPATH=/base', 'EMPTY='] });

    expect(config.Env.slice(0, 4)).toEqual([
      'PATH=/bin',
      'SAGEMAKER_PROGRAM=train.py',
      'PYTHONPATH=/opt/ml/code:/base',
      'EMPTY=',
    ]);
    expect(config.Env).toContain('SAGEMAKER_BIND_TO_PORT=8080');
  });

  it.each([
    [undefined, '1000:1000'],
    ['', '1000:1000'],
    ['root', '1000:1000'],
    ['0:0', '1000:1000'],
    ['model-server', 'model-server'],
    ['1001', '1001'],
  ])('runs as another than root: a base of the user %j runs as %s', (User, expected) => {
    expect(build(User === undefined ? {} : { User }).config.User).toBe(expected);
  });

  it('leaves the user of images whose server is built for it', () => {
    expect(build({}, {}, 'pytorch-inference').config.User).toBeUndefined();
    expect(build({}, {}, 'team/own-image').config.User).toBeUndefined();
  });

  it('keeps pip from the network, unless the code has requirements', () => {
    expect(build().config.Env).toContain('PIP_NO_INDEX=1');
    expect(build({}, {}, 'sagemaker-xgboost', true).config.Env).not.toContain('PIP_NO_INDEX=1');
  });

  it('tells TorchServe where its code is', () => {
    expect(build({}, {}, 'pytorch-inference').config.Env).toContain('SAGEMAKER_SUBMIT_DIRECTORY=/opt/ml/model/code');
  });

  it.each<[string, object, string]>([
    ['another architecture', { architecture: 'arm64' }, 'linux/arm64'],
    ['another system', { os: 'windows' }, 'windows/amd64'],
    ['another number of layers than its manifest', { rootfs: { type: 'layers', diff_ids: [] } }, 'names 0 layers'],
    ['no layers at all', { rootfs: undefined }, 'rootfs'],
  ])('is refused for a base of %s', (_, image, expected) => {
    expect(() => build({}, image)).toThrow(expected);
  });
});
