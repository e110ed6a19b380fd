import type { ObjectStore } from '../api/object-store.ts';
import type { RegistryCredentials } from './image-puller.ts';
import type { PodSpec } from './pod-spec.ts';

/** The logins of a pod's pull secrets; a secret that isn't there gives none. */
export const pullCredentials = (
  store: ObjectStore,
  namespace: string,
  { imagePullSecrets = [] }: PodSpec,
): RegistryCredentials => {
  const entries = imagePullSecrets.flatMap(({ name }) => {
    const secret = store.get('Secret', namespace, name);
    const data = (secret?.data as Record<string, string> | undefined)?.['.dockerconfigjson'];
    if (!data) return [];
    const { auths = {} } = JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as {
      auths?: Record<string, { auth?: string }>;
    };
    return Object.entries(auths).flatMap(([host, { auth }]) => (auth ? [[host, `Basic ${auth}`] as const] : []));
  });
  return Object.fromEntries(entries);
};
