import { ECRClient } from '@aws-sdk/client-ecr';
import { afterEach, describe, expect, it } from 'vitest';
import { AwsError } from '#local/http/aws-json.ts';
import { digestOf } from '#shared/images/digest.ts';
import { ecrRegistries } from '#shared/images/ecr.ts';
import { parseImageUri } from '#shared/images/image-uri.ts';
import { serveFake } from '#test/local/http/fake-service.ts';
import { BASE_IMAGE_URI, openRegistry, REPOSITORY } from '#test/local/registry/open-registry.ts';

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

/** ECR with one operation, and our adapter before it. */
const openEcr = async (getAuthorizationToken: () => unknown) => {
  let callCount = 0;
  const ecr = await serveFake({
    targetPrefix: 'AmazonEC2ContainerRegistry_V20150921',
    jsonVersion: '1.1',
    operations: {
      GetAuthorizationToken: () => {
        callCount += 1;
        return getAuthorizationToken();
      },
    },
  });
  opened.push(ecr.close);
  const regions: (string | undefined)[] = [];
  const registries = ecrRegistries((region) => {
    regions.push(region);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    return new ECRClient({ endpoint: ecr.url, region: region ?? 'eu-central-1', credentials, maxAttempts: 1 });
  });
  return { registries, regions, callCount: () => callCount };
};

const tokenFor =
  (proxyEndpoint: string, lifetimeMs = 12 * 60 * 60 * 1000) =>
  () => ({
    authorizationData: [
      {
        authorizationToken: Buffer.from('AWS:pass:word').toString('base64'),
        expiresAt: new Date(Date.now() + lifetimeMs),
        proxyEndpoint,
      },
    ],
  });

const OWN = 'https://000000000000.dkr.ecr.eu-central-1.amazonaws.com';

describe('the registries of ECR', () => {
  it('read SageMaker’s account and write the own one with the same token', async () => {
    const open = await openRegistry();
    opened.push(open.close);
    const image = parseImageUri(BASE_IMAGE_URI);

    const [base, own] = [await open.registries.registryOf(image), await open.registries.ownRegistry()];

    expect(await base.findManifest(image.repository, image.tag!)).toMatchObject({ digest: open.baseDigest });
    expect(await own.hasBlob(REPOSITORY, digestOf('nothing'))).toBe(false);
    await expect(
      base.pushBlob(image.repository, { digest: digestOf('x'), sizeBytes: 1 }, async function* () {
        yield Buffer.from('x');
      }),
    ).rejects.toMatchObject({
      name: 'RegistryRefusedError',
      message: expect.stringContaining('ecr:InitiateLayerUpload'),
    });
  });

  it('ask for a token once, and again when it is about to end', async () => {
    const long = await openEcr(tokenFor(OWN));
    const short = await openEcr(tokenFor(OWN, 60_000));

    for (const { registries } of [long, short]) {
      await registries.ownRegistry();
      await registries.ownRegistry();
    }

    expect(long.callCount()).toBe(1);
    expect(short.callCount()).toBe(2);
  });

  it('ask another region for a token of its own, and no region twice', async () => {
    const { registries, regions } = await openEcr(tokenFor(OWN));

    const far = parseImageUri('683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1');
    const near = parseImageUri('492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1');

    expect((await registries.registryOf(far)).host).toBe(far.registry);
    expect((await registries.registryOf(near)).host).toBe(near.registry);
    expect(regions).toEqual([undefined, 'us-east-1']);
  });

  it('refuse a registry that is none of ECR’s', async () => {
    const { registries } = await openEcr(tokenFor(OWN));

    await expect(registries.registryOf(parseImageUri('docker.io/library/python:3'))).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('training.imageUri'),
    });
  });

  it('give a cluster a fresh user and password, with the end of their time', async () => {
    const { registries, callCount } = await openEcr(tokenFor(OWN));
    await registries.ownRegistry();

    const credentials = await registries.pullCredentials();

    expect(credentials).toMatchObject({ host: new URL(OWN).host, username: 'AWS', password: 'pass:word' });
    expect(credentials.expiresAt.getTime()).toBeGreaterThan(Date.now() + 11 * 60 * 60 * 1000);
    expect(callCount()).toBe(2);
  });

  it.each<[string, () => never, object]>([
    [
      'lacks a permission',
      () => {
        throw new AwsError('AccessDeniedException', 'not authorized');
      },
      { name: 'RegistryRefusedError', message: expect.stringContaining('ecr:GetAuthorizationToken') },
    ],
    [
      'is throttled',
      () => {
        throw new AwsError('ThrottlingException', 'Rate exceeded');
      },
      { name: 'RegistryUnavailableError' },
    ],
    [
      'finds ECR broken',
      () => {
        throw new AwsError('ServerException', 'oops', { statusCode: 500 });
      },
      { name: 'RegistryUnavailableError' },
    ],
  ])('say what to do when the role %s', async (_, answer, expected) => {
    const { registries } = await openEcr(answer);

    await expect(registries.ownRegistry()).rejects.toMatchObject(expected);
  });

  it('ask again after a failure', async () => {
    let isBroken = true;
    const { registries } = await openEcr(() => {
      if (isBroken) throw new AwsError('ServerException', 'oops', { statusCode: 500 });
      return tokenFor(OWN)();
    });
    await expect(registries.ownRegistry()).rejects.toMatchObject({ name: 'RegistryUnavailableError' });

    isBroken = false;

    expect((await registries.ownRegistry()).host).toBe(new URL(OWN).host);
  });
});
