import { stringify } from 'yaml';

interface Access {
  readonly server: string;
  /** PEM. */
  readonly authority: string;
  readonly user: { readonly name: string; readonly token: string };
}

/** A kubeconfig that carries everything inline, as it has to be stored for the functions. */
export const kubeconfigText = ({ server, authority, user: { name, token } }: Access): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'laptop',
    contexts: [{ name: 'laptop', context: { cluster: 'laptop', user: name } }],
    clusters: [
      {
        name: 'laptop',
        cluster: { server, 'certificate-authority-data': Buffer.from(authority).toString('base64') },
      },
    ],
    users: [{ name, user: { token } }],
  });
