import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployKymaSecrets } from '#local/deployment/kyma-secrets.ts';
import { ensureSecret } from '#local/deployment/secret.ts';
import { startSecretsManager } from '#local/secrets/start-secrets-manager.ts';
import { LOCAL_ACCOUNT as account, type StandIn } from '#local/stand-in.ts';
import { deployedToKyma } from '#shared/kyma/deployed-models.ts';
import { apiRuleManifest, namespaceManifest, workloadManifests } from '#shared/kyma/manifests.ts';
import { clusterOfSecret, modelClientOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';
import { type OpenKubernetes, openKubernetes } from '#test/local/kubernetes/open-kubernetes.ts';
import { deployedModel } from './models.ts';

let open: OpenKubernetes;
let secrets: StandIn;
let client: SecretsManagerClient;
let dataDir: string;
beforeAll(async () => {
  open = await openKubernetes();
  dataDir = await mkdtemp(join(tmpdir(), 'secrets-'));
  secrets = await startSecretsManager({ dataDir, account, iam: testIam() });
  client = new SecretsManagerClient({
    region: account.region,
    endpoint: secrets.url,
    credentials: PERSON,
  });
});
afterAll(async () => {
  await open.close();
  await secrets.close();
  await rm(dataDir, { recursive: true });
});

it('finds the cluster by its secret, and what runs there with its URL, image and run', async () => {
  const kubeconfigArn = await ensureSecret(client, 'kubeconfig');
  const clientArn = await ensureSecret(client, 'client');
  await deployKymaSecrets(client, { kubeconfigArn, clientArn }, open.kubernetes);
  const settings = () =>
    kymaSettings({
      FEDML_KYMA_KUBECONFIG_SECRET_ARN: kubeconfigArn,
      FEDML_KYMA_CLIENT_SECRET_ARN: clientArn,
      FEDML_ALLOWED_PRIVATE_NETWORKS: '127.0.0.0/8',
    });
  const cluster = await clusterOfSecret(settings, client)();
  const model = deployedModel(`127.0.0.1:1/models@sha256:${'0'.repeat(64)}`);
  await cluster.apply(namespaceManifest('models'));
  for (const object of [...workloadManifests(model), apiRuleManifest(model)]) await cluster.apply(object);

  expect(await deployedToKyma(cluster)).toEqual([
    {
      pipeline: 'adder',
      namespace: 'models',
      url: `https://adder.kyma.localhost:${new URL(open.kubernetes.gateway.url).port}/`,
      imageUri: model.imageUri,
      runUri: model.runUri,
      availableReplicas: 0,
      createdAt: expect.any(String),
    },
  ]);
  expect(await modelClientOfSecret(settings, client)()).toMatchObject({
    oauth: { tokenUrl: open.kubernetes.issuer.tokenUrl },
  });
});

it('lists a model whose route may not be read without its URL', async () => {
  const model = deployedModel(`127.0.0.1:1/models@sha256:${'0'.repeat(64)}`);
  await open.cluster.apply(namespaceManifest('models'));
  for (const object of [...workloadManifests(model), apiRuleManifest(model)]) await open.cluster.apply(object);
  const halfBlind = open.clusterOf(open.kubernetes.addUser('half-blind', ({ resource }) => resource !== 'apirules'));

  const [found] = await deployedToKyma(halfBlind);

  expect(found).toMatchObject({ pipeline: 'adder', imageUri: model.imageUri });
  expect(found).not.toHaveProperty('url');
});

it('says what to store where no cluster is configured', async () => {
  await expect(clusterOfSecret(() => kymaSettings({}), client)()).rejects.toMatchObject({
    name: 'InvalidInputError',
    message: expect.stringContaining('FEDML_KYMA_KUBECONFIG_SECRET_ARN'),
  });
  expect(await modelClientOfSecret(() => kymaSettings({}), client)()).toEqual({});
});
