import type { ObjectStore, Unstored } from './api/object-store.ts';

/** A name below `localhost`: loopback by RFC 6761, wherever it is resolved. */
export const DOMAIN = 'kyma.localhost';

const NAMESPACES = ['default', 'kube-system', 'kyma-system', 'istio-system'];

/** What a Kyma cluster has before anybody deploys to it. */
export const createSystemObjects = (store: ObjectStore, gatewayPort: number): void => {
  for (const name of NAMESPACES) put(store, namespace(name));
  put(store, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'kyma-gateway', namespace: 'kyma-system' },
    spec: {
      selector: { app: 'istio-ingressgateway', istio: 'ingressgateway' },
      servers: [
        {
          hosts: [`*.${DOMAIN}`],
          port: { name: 'https', number: gatewayPort, protocol: 'HTTPS' },
          tls: { mode: 'SIMPLE', credentialName: 'kyma-gateway-certs' },
        },
        { hosts: [`*.${DOMAIN}`], port: { name: 'http', number: 80, protocol: 'HTTP' }, tls: { httpsRedirect: true } },
      ],
    },
  });
  put(store, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'shoot-info', namespace: 'kube-system' },
    data: { domain: DOMAIN, provider: 'laptop', shootName: 'laptop', kubernetesVersion: '1.36.0' },
  });
};

const namespace = (name: string): Unstored => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
});

const put = (store: ObjectStore, object: Unstored): void => {
  const existing = store.get(object.kind, object.metadata.namespace, object.metadata.name);
  store.put({ ...existing, ...object, metadata: { ...existing?.metadata, ...object.metadata } });
};
