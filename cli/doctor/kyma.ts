import type { Cluster, ClusterRight } from '#shared/kyma/cluster.ts';
import { deployedToKyma } from '#shared/kyma/deployed-models.ts';
import { urlOfHost } from '#shared/kyma/ingress.ts';
import type { ClusterAccess } from '#shared/kyma/kubeconfig.ts';
import { EXPIRES_AT_ANNOTATION, LABELS, names, type Owner } from '#shared/kyma/ownership.ts';
import { NAMESPACE_RIGHTS } from '#shared/kyma/rights.ts';
import type { KymaDeployment, PipelineDefinition } from '#shared/pipeline/definition.ts';
import { examine, type Finding, ok, problem, warning } from './finding.ts';

export interface KymaPorts {
  /** The kubeconfig of the secret, read strictly. */
  readonly access: () => Promise<ClusterAccess>;
  readonly open: (access: ClusterAccess) => Promise<{
    readonly cluster: Cluster;
    readonly isAllowed: (right: ClusterRight) => Promise<boolean>;
  }>;
  readonly now: () => Date;
  /** Of the installation that is looked at. */
  readonly stage?: string | undefined;
}

/** The cluster as the kubeconfig's user finds it: login, rights, gateway, the API of routes, and the pull secrets' age. */
export const kymaFindings = async (
  ports: KymaPorts | undefined,
  pipelines: readonly PipelineDefinition[],
): Promise<Finding[]> => {
  const onKyma = pipelines.flatMap(({ name, deployment }) =>
    deployment.target === 'kyma' ? [{ pipeline: name, settings: deployment }] : [],
  );
  if (!ports) return onKyma.length === 0 ? [] : [noCluster(onKyma.map(({ pipeline }) => pipeline))];
  let access: ClusterAccess | undefined;
  const secret = await examine('kubeconfig', 'Store a kubeconfig as docs/kyma.md makes it.', async () => {
    access = await ports.access();
    return `of ${access.server}`;
  });
  if (!access) return [secret];
  const { cluster, isAllowed } = await ports.open(access);
  const login = await examine('cluster login', 'Store a new kubeconfig in the secret (docs/kyma.md).', async () => {
    await isAllowed({ verb: 'list', group: 'apps', resource: 'deployments' });
    return 'its token is accepted';
  });
  if (login.status === 'problem') return [secret, login];
  const found = [secret, login, ...tokenFinding(access, ports.now())];
  for (const namespace of new Set(onKyma.map(({ settings }) => settings.namespace))) {
    found.push(await rightsFinding(isAllowed, namespace), await routesFinding(cluster, namespace));
  }
  for (const model of onKyma) found.push(await gatewayFinding(cluster, { ...model, stage: ports.stage }));
  return [...found, await excessFinding(isAllowed), ...(await pullSecretFindings(cluster, ports))];
};

const noCluster = (pipelines: readonly string[]): Finding =>
  problem(
    'kubeconfig',
    `${pipelines.join(', ')} deploys to Kyma, and no cluster is configured`,
    'Store a kubeconfig in Secrets Manager and deploy with the parameter kymaKubeconfigSecretArn (docs/kyma.md).',
  );

/** Time enough to make a new token without a night shift. */
const TOKEN_WARNING_DAYS = 14;
const DAY_MS = 86_400_000;

/** A service account's token is a JWT and says when it ends; others don't. */
const tokenFinding = ({ credentials }: ClusterAccess, now: Date): Finding[] => {
  const subject = 'kubeconfig token';
  const expiresAt = 'token' in credentials ? expiryOf(credentials.token) : undefined;
  if (!expiresAt) return [];
  const days = Math.floor((expiresAt.getTime() - now.getTime()) / DAY_MS);
  const detail = `it ends on ${expiresAt.toISOString().slice(0, 10)}`;
  return days < TOKEN_WARNING_DAYS
    ? [
        warning(
          subject,
          `${detail}, in ${days} days`,
          'Make a new kubeconfig (docs/kyma.md) and store it in the secret.',
        ),
      ]
    : [ok(subject, detail)];
};

const expiryOf = (token: string): Date | undefined => {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      exp?: unknown;
    };
    return typeof exp === 'number' ? new Date(exp * 1000) : undefined;
  } catch {
    return undefined;
  }
};

const rightsFinding = (isAllowed: (right: ClusterRight) => Promise<boolean>, namespace: string): Promise<Finding> => {
  const subject = `rights in namespace ${namespace}`;
  const remedy = 'Give the kubeconfig’s service account the roles of docs/kyma.md in this namespace.';
  return examine(subject, remedy, async () => {
    const rights = NAMESPACE_RIGHTS.flatMap(({ group, resource, verbs }) =>
      verbs.map((verb) => ({ verb, group, resource, namespace })),
    );
    const answers = await Promise.all(rights.map(isAllowed));
    const missing = rights
      .filter((_, index) => !answers[index])
      .map(({ verb, group, resource }) => `${verb} ${resource}${group && `.${group}`}`);
    return missing.length === 0
      ? 'all that a deployment takes'
      : problem(subject, `no right to ${missing.join(', ')}`, remedy);
  });
};

const routesFinding = (cluster: Cluster, namespace: string): Promise<Finding> =>
  examine(
    `APIRules v2 in ${namespace}`,
    'Add the module api-gateway to the cluster, in a version with APIRule v2.',
    async () => {
      await cluster.list('APIRule', { namespace, labels: LABELS });
      return 'served';
    },
  );

const gatewayFinding = (
  cluster: Cluster,
  { settings, ...owner }: Owner & { readonly settings: KymaDeployment },
): Promise<Finding> =>
  examine(`gateway of ${owner.pipeline}`, 'Add the modules istio and api-gateway, or correct deployment.gateway.', () =>
    urlOfHost(cluster, settings.gateway, names({ ...owner, settings }).host),
  );

const excessFinding = (isAllowed: (right: ClusterRight) => Promise<boolean>): Promise<Finding> => {
  const subject = 'excess rights on the cluster';
  return examine(subject, 'See docs/kyma.md.', async () =>
    (await isAllowed({ verb: '*', group: '*', resource: '*' }))
      ? warning(
          subject,
          'the kubeconfig’s user may do everything',
          'Use the service account of docs/kyma.md: what it may do, a stolen secret may do.',
        )
      : ok(subject, 'none'),
  );
};

/** Renewed every 6 hours, tokens of 12 hours have more than that left unless a renewal failed. */
const HEALTHY_HOURS_LEFT = 5;

const pullSecretFindings = async (cluster: Cluster, { now, stage }: KymaPorts): Promise<Finding[]> => {
  const findings: Finding[] = [];
  const asked = await examine(
    'models on the cluster',
    'Let the service account list deployments (docs/kyma.md).',
    async () => {
      const models = await deployedToKyma(cluster, stage);
      for (const { pipeline, namespace } of models) {
        findings.push(await pullSecretFinding(cluster, namespace, names({ pipeline, stage }).pullSecret, now()));
      }
      return models.length === 0
        ? 'none'
        : models.map(({ pipeline, namespace }) => `${namespace}/${pipeline}`).join(', ');
    },
  );
  return [asked, ...findings];
};

const pullSecretFinding = (cluster: Cluster, namespace: string, name: string, now: Date): Promise<Finding> => {
  const subject = `pull secret ${namespace}/${name}`;
  const remedy = 'See the log of refreshPullSecret: pods that move to another node don’t start without it.';
  return examine(subject, remedy, async () => {
    const secret = await cluster.get('Secret', { namespace, name });
    const expiresAt = new Date(secret?.metadata.annotations?.[EXPIRES_AT_ANNOTATION] ?? '');
    const hours = (expiresAt.getTime() - now.getTime()) / 3_600_000;
    if (!(hours > 0)) return problem(subject, secret ? `its token has expired` : 'it is missing', remedy);
    const detail = `its token ends in ${Math.floor(hours)} hours`;
    return hours < HEALTHY_HOURS_LEFT ? warning(subject, `${detail}: it was not renewed`, remedy) : ok(subject, detail);
  });
};
