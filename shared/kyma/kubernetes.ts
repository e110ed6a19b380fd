import {
  AuthorizationV1Api,
  CoreV1Api,
  createConfiguration,
  HttpMethod,
  KubeConfig,
  type KubernetesListObject,
  KubernetesObjectApi,
  PatchStrategy,
  type RequestContext,
  ServerConfiguration,
} from '@kubernetes/client-node';
import { Pool } from 'undici';
import type { AddressGuard } from '#shared/kyma/addresses.ts';
import { asClusterError, isNotFound } from '#shared/kyma/api-errors.ts';
import type { Cluster, ClusterRight, ObjectName } from '#shared/kyma/cluster.ts';
import type { ClusterAccess } from '#shared/kyma/kubeconfig.ts';
import { API_VERSIONS, type Kind, type KubernetesEvent, type KubernetesObject } from '#shared/kyma/objects.ts';
import { FIELD_MANAGER } from '#shared/kyma/ownership.ts';

const REQUEST_TIMEOUT_MS = 20_000;

/** A cluster behind a vetted kubeconfig. The client reads no file and no environment and starts no program. */
export const kubernetesCluster = (access: ClusterAccess, guard: AddressGuard): Cluster => {
  const configuration = configure(access, guard);
  const objects = new ObjectApi(configuration);
  const core = new CoreV1Api(configuration);
  const { host } = new URL(access.server);
  const call = async <T>(what: string, send: () => Promise<T>): Promise<T> => {
    try {
      return await send();
    } catch (error) {
      throw asClusterError(error, what, host);
    }
  };
  return {
    async apply(object) {
      return plain(await call(`Applying ${describe(object.kind, object.metadata)}`, () => objects.apply(object)));
    },

    async get(kind, name) {
      try {
        return plain(await objects.read(header(kind, name)));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw asClusterError(error, `Reading ${describe(kind, name)}`, host);
      }
    },

    async list<T extends KubernetesObject>(kind: Kind, { namespace, labels }: Parameters<Cluster['list']>[1]) {
      const selector = Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(',');
      const where = namespace ? `in ${namespace}` : 'in all namespaces';
      const found: T[] = [];
      let next: string | undefined;
      do {
        const page = (await call(`Listing ${kind}s ${where}`, () =>
          objects.list(
            API_VERSIONS[kind],
            kind,
            namespace,
            undefined,
            undefined,
            undefined,
            undefined,
            selector,
            PAGE_SIZE,
            next,
          ),
        )) as KubernetesListObject<object>;
        // Items of a list come without their own type.
        found.push(...page.items.map((item) => plain<T>({ apiVersion: API_VERSIONS[kind], kind, ...item })));
        next = page.metadata?._continue;
      } while (next);
      return found;
    },

    async delete(kind, name) {
      try {
        await objects.delete(header(kind, name), undefined, undefined, undefined, undefined, 'Background');
      } catch (error) {
        if (!isNotFound(error)) throw asClusterError(error, `Deleting ${describe(kind, name)}`, host);
      }
    },

    async events({ kind, metadata: { name, namespace = 'default', uid } }) {
      const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${name}${uid ? `,involvedObject.uid=${uid}` : ''}`;
      const { items } = await call(`Reading the events of ${kind} ${name}`, () =>
        core.listNamespacedEvent({ namespace, fieldSelector }),
      );
      return items.map((item) => plain<KubernetesEvent>(item)).sort((a, b) => timeOf(a).localeCompare(timeOf(b)));
    },

    async logTail({ namespace = 'default', name }, container, { previous, lineCount, since }) {
      // Whole seconds, by the clock of the cluster.
      const sinceSeconds = since && Math.max(1, Math.ceil((Date.now() - since.getTime()) / 1000) + 1);
      try {
        return await core.readNamespacedPodLog({
          namespace,
          name,
          container,
          previous,
          tailLines: lineCount,
          ...(sinceSeconds && { sinceSeconds }),
        });
      } catch (error) {
        // 400: the container has not started, or was never restarted.
        if (isNotFound(error) || isStatus(error, 400)) return '';
        throw asClusterError(error, `Reading the log of ${name}`, host);
      }
    },
  };
};

/** Asks the cluster what the holder of the kubeconfig may do, without doing it. Throws as the methods of Cluster do. */
export const clusterRights = (access: ClusterAccess, guard: AddressGuard) => {
  const authorization = new AuthorizationV1Api(configure(access, guard));
  const { host } = new URL(access.server);
  return async ({ verb, group, resource, namespace }: ClusterRight): Promise<boolean> => {
    const [plural, subresource] = resource.split('/');
    const resourceAttributes = {
      verb,
      group,
      resource: plural!,
      ...(subresource && { subresource }),
      ...(namespace && { namespace }),
    };
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    };
    try {
      return (await authorization.createSelfSubjectAccessReview({ body })).status?.allowed ?? false;
    } catch (error) {
      throw asClusterError(error, `Asking whether ${verb} of ${resource} is allowed`, host);
    }
  };
};

const PAGE_SIZE = 200;

class ObjectApi extends KubernetesObjectApi {
  /**
   * Applies an object as it is. The client's own `patch` leaves out every field that its models don't have, and with it the
   * misspelt ones that the cluster is to refuse.
   */
  async apply(object: KubernetesObject): Promise<object> {
    const path = await this.specUriPath(structuredClone(object) as object, 'patch');
    const request = this.configuration.baseServer.makeRequestContext(path, HttpMethod.PATCH);
    request.setHeaderParam('Accept', 'application/json');
    request.setHeaderParam('Content-Type', PatchStrategy.ServerSideApply);
    request.setQueryParam('fieldManager', FIELD_MANAGER);
    // What somebody changed by hand since would otherwise stop every later run with a conflict.
    request.setQueryParam('force', 'true');
    request.setBody(JSON.stringify(object));
    return this.requestPromise(request);
  }
}

/** One pool of connections for all calls; the client itself would open a new one for each as soon as a CA is set. */
const configure = (access: ClusterAccess, guard: AddressGuard) => {
  const { server, certificateAuthority: ca, credentials } = access;
  const certificate = 'token' in credentials ? {} : { cert: credentials.certificate, key: credentials.key };
  const pool = new Pool(server, {
    connections: 4,
    connect: { ca, ...certificate, lookup: guard.lookup, timeout: 10_000 },
    headersTimeout: 15_000,
    bodyTimeout: 15_000,
    keepAliveTimeout: 10_000,
  });
  return createConfiguration({
    baseServer: new ServerConfiguration(server, {}),
    authMethods: { default: kubeConfig(access) },
    promiseMiddleware: [
      {
        pre: async (context: RequestContext) => {
          context.setDispatcher(pool);
          context.setSignal(AbortSignal.timeout(REQUEST_TIMEOUT_MS));
          // A misspelt field fails; it would vanish otherwise.
          if (WRITES.has(context.getHttpMethod())) context.setQueryParam('fieldValidation', 'Strict');
          return context;
        },
        post: async (response) => response,
      },
    ],
  });
};

const WRITES: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

const kubeConfig = ({ server, certificateAuthority, credentials }: ClusterAccess): KubeConfig => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const user =
    'token' in credentials
      ? { name: 'user', token: credentials.token }
      : { name: 'user', certData: base64(credentials.certificate), keyData: base64(credentials.key) };
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'cluster', server, caData: base64(certificateAuthority), skipTLSVerify: false }],
    users: [user],
    contexts: [{ name: 'context', cluster: 'cluster', user: 'user' }],
    currentContext: 'context',
  });
  return config;
};

const header = (kind: Kind, { namespace, name }: ObjectName) => ({
  apiVersion: API_VERSIONS[kind],
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
});

const describe = (kind: Kind, { namespace, name }: ObjectName): string =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}`;

/** The client makes dates of some timestamps and leaves others; as plain JSON all are text, as on the wire. */
const plain = <T extends KubernetesObject>(object: unknown): T => JSON.parse(JSON.stringify(object)) as T;

const timeOf = ({ lastTimestamp, eventTime, metadata }: KubernetesEvent): string =>
  lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';

const isStatus = (error: unknown, code: number): boolean => (error as { code?: unknown }).code === code;
