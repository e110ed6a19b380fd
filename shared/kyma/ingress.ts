import { ClusterRefusedError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import type { KubernetesObject } from '#shared/kyma/objects.ts';

interface Gateway extends KubernetesObject {
  readonly spec?: {
    readonly servers?: readonly {
      readonly hosts?: readonly string[];
      readonly port?: { readonly number?: number; readonly protocol?: string };
    }[];
  };
}

/**
 * The URL of a host that the gateway exposes, `https://<host>.<cluster domain>/`; no object of the cluster carries it.
 *
 * @param gateway `namespace/name`.
 * @throws ClusterRefusedError when there is no such gateway or it has no wildcard host over https.
 */
export const urlOfHost = async (cluster: Cluster, gateway: string, host: string): Promise<string> => {
  const [namespace, name] = gateway.split('/') as [string, string];
  const found = await cluster.get<Gateway>('Gateway', { namespace, name });
  const server = found?.spec?.servers?.find(({ port }) => port?.protocol?.toUpperCase() === 'HTTPS');
  const domain = server?.hosts?.map((each) => /^(?:[^/]*\/)?\*\.(.+)$/.exec(each)?.[1]).find(Boolean);
  if (!domain) {
    throw new ClusterRefusedError(
      `The gateway ${gateway} ${found ? 'has no https server for *.<domain>' : "doesn't exist"}. Kyma's own is ` +
        'kyma-system/kyma-gateway; the modules istio and api-gateway must be added to the cluster.',
    );
  }
  return new URL(`https://${host}.${domain}:${server?.port?.number ?? 443}/`).href;
};
