import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ECRClient } from '@aws-sdk/client-ecr';
import type { KeyPair } from '#local/iam/iam.ts';
import { seedBaseImage } from '#local/registry/base-image.ts';
import { openImagePolicies } from '#local/registry/open-images.ts';
import { type RegistryOptions, startRegistry } from '#local/registry/registry.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { ecrRegistries } from '#shared/images/ecr.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';

export const BASE_IMAGE_URI = '492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3';

const BASE = { accountId: '492215442770', name: 'sagemaker-scikit-learn' };

export const REPOSITORY = 'fedml-models';

export type OpenRegistry = Awaited<ReturnType<typeof openRegistry>>;

/** A registry in a temporary folder with an empty repository for models and a base image, and ECR's client. */
export const openRegistry = async (options: Partial<RegistryOptions> = {}) => {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'registry-')));
  const iam = options.iam ?? testIam();
  if (!options.iam) iam.deploy({ roles: [], resourcePolicies: openImagePolicies([BASE_IMAGE_URI]) });
  const registry = await startRegistry({ account: LOCAL_ACCOUNT, ...options, iam, dataDir });
  const repository = { accountId: LOCAL_ACCOUNT.accountId, name: REPOSITORY };
  if (!(await registry.store.findRepository(repository)))
    await registry.store.createRepository(repository, 'IMMUTABLE');
  const baseDigest = await seedBaseImage(registry, { imageUris: [BASE_IMAGE_URI] });
  const client = ecrClient(registry.url);
  return {
    dataDir,
    registry,
    iam,
    repository,
    baseDigest,
    client,
    registries: ecrRegistries(() => ecrClient(registry.url)),
    /** Lets the base image's tag name another image of the repository. */
    async moveBaseTag() {
      const moved = Buffer.from('{}');
      await registry.store.setTag(
        BASE,
        '1.2-1-cpu-py3',
        await registry.store.putManifest(BASE, 'application/json', moved),
      );
    },
    restoreBaseTag: () => registry.store.setTag(BASE, '1.2-1-cpu-py3', baseDigest),
    async close() {
      client.destroy();
      await registry.close();
      if (!options.dataDir) await rm(dataDir, { recursive: true });
    },
  };
};

export const ecrClient = (endpoint: string, credentials: KeyPair = PERSON): ECRClient =>
  new ECRClient({
    endpoint,
    region: LOCAL_ACCOUNT.region,
    credentials,
    maxAttempts: 1,
  });
