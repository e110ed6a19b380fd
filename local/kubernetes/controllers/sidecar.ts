import type { Unstored } from '../api/object-store.ts';
import type { StoredObject } from '../api/stored-object.ts';

export const SIDECAR = 'istio-proxy';

interface PodSpec {
  readonly initContainers?: readonly { readonly name: string }[];
}

/** What Istio's webhook does with a pod that asks for it: the proxy comes in as a native sidecar, an init container that stays. */
export const withSidecar = (pod: Unstored): Unstored => {
  if (pod.metadata.labels?.['sidecar.istio.io/inject'] !== 'true') return pod;
  const spec = pod.spec as PodSpec;
  const proxy = { name: SIDECAR, image: 'laptop/istio-proxy', restartPolicy: 'Always' };
  return { ...pod, spec: { ...spec, initContainers: [proxy, ...(spec.initContainers ?? [])] } };
};

export const hasSidecar = ({ spec }: StoredObject): boolean =>
  (spec as PodSpec).initContainers?.some(({ name }) => name === SIDECAR) ?? false;
