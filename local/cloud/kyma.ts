import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PortInUseError } from '#local/http/listen.ts';
import type { Iam } from '#local/iam/iam.ts';
import type { KubernetesStandIn } from '#local/kubernetes/start-kubernetes.ts';
import type { RegistryStandIn } from '#local/registry/registry.ts';
import { LOCAL_ACCOUNT as account } from '#local/stand-in.ts';
import type { Deployment } from '#local/template/deployment.ts';
import { listPipelines, loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { frameworkImageUris } from '#shared/sagemaker/image-uris.ts';
import type { CloudOptions } from './options.ts';

/** The registry of model images, and the cluster that runs them. */
export interface Kyma {
  readonly registry: RegistryStandIn;
  readonly kubernetes: KubernetesStandIn;
  close(): Promise<void>;
}

/**
 * Whether a cloud has Kyma: it takes half a second to load, so a cloud that lives for one command has it only where a
 * pipeline deploys to it. Into one that is kept, such a pipeline may come later.
 */
export const needsKyma = async ({ pipelinesDir, isKept }: CloudOptions): Promise<boolean> => {
  if (isKept) return true;
  const targets = await Promise.all((await listPipelines(pipelinesDir)).map((name) => targetOf(pipelinesDir, name)));
  return targets.includes('kyma');
};

/** A pipeline with mistakes is told of when it is run. */
const targetOf = (pipelinesDir: string, name: string): Promise<string | undefined> =>
  loadDefinition(pipelinesDir, name).then(
    ({ deployment }) => deployment.target,
    () => undefined,
  );

export interface KymaOptions {
  readonly stateDir: string;
  readonly python: string;
  readonly iam: Iam;
  /** Of the deployment, for the images of models. */
  readonly repositories: Deployment['repositories'];
}

/** Starts both, on the ports of the last time, because images and routes are recorded with them. */
export const startKyma = async ({ stateDir, python, iam, repositories }: KymaOptions): Promise<Kyma> => {
  const [{ startRegistry }, { seedBaseImage }, { startKubernetes }] = await Promise.all([
    import('#local/registry/registry.ts'),
    import('#local/registry/base-image.ts'),
    import('#local/kubernetes/start-kubernetes.ts'),
  ]);
  await using started = new AsyncDisposableStack();
  const registryDir = join(stateDir, 'registry');
  const registry = await onKeptPort(
    registryDir,
    (port) => startRegistry({ dataDir: registryDir, account, iam, port }),
    ({ url }) => url,
  );
  started.defer(() => registry.close());
  await seedBaseImage(registry, { imageUris: frameworkImageUris({ region: account.region, scope: 'training' }) });
  await ensureRepositories(registry, repositories);
  const kubernetesDir = join(stateDir, 'kubernetes');
  const kubernetes = await onKeptPort(
    kubernetesDir,
    (gatewayPort) => startKubernetes({ dataDir: kubernetesDir, python, gatewayPort }),
    ({ gateway }) => gateway.url,
  );
  started.defer(() => kubernetes.close());
  const open = started.move();
  return { registry, kubernetes, close: () => open.disposeAsync() };
};

const ensureRepositories = async (
  { store }: RegistryStandIn,
  repositories: Deployment['repositories'],
): Promise<void> => {
  for (const { name, tagMutability } of repositories) {
    const repository = { accountId: account.accountId, name };
    if (!(await store.findRepository(repository))) await store.createRepository(repository, tagMutability);
  }
};

/** Starts a server on the port that it had before; on another one when that is taken by now. */
const onKeptPort = async <T>(
  dataDir: string,
  start: (port: number) => Promise<T>,
  urlOf: (server: T) => string,
): Promise<T> => {
  const file = join(dataDir, 'port');
  const kept = await readFile(file, 'utf8').then(Number, () => 0);
  const server = await start(kept).catch((error) => {
    if (error instanceof PortInUseError) return start(0);
    throw error;
  });
  await mkdir(dataDir, { recursive: true });
  await writeFile(file, new URL(urlOf(server)).port);
  return server;
};
