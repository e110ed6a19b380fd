import { generate } from 'selfsigned';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { addressGuard } from '#shared/kyma/addresses.ts';
import { readKubeconfig } from '#shared/kyma/kubeconfig.ts';

const guard = addressGuard([]);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

let pem: { cert: string; private: string };
beforeAll(async () => {
  pem = await generate([{ name: 'commonName', value: 'test' }], { keyType: 'ec', algorithm: 'sha256' });
});

interface Changes {
  readonly cluster?: object;
  readonly user?: object;
  readonly top?: object;
}

const kubeconfig = ({ cluster = {}, user = { token: 'abc.def' }, top = {} }: Changes = {}): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'kyma',
    contexts: [{ name: 'kyma', context: { cluster: 'kyma', user: 'robot', namespace: 'default' } }],
    clusters: [
      {
        name: 'kyma',
        cluster: {
          server: 'https://api.c-1.kyma.example.com',
          'certificate-authority-data': base64(pem.cert),
          ...cluster,
        },
      },
    ],
    users: [{ name: 'robot', user }],
    ...top,
  });

const read = (changes?: Changes) => readKubeconfig(kubeconfig(changes), guard);

describe('readKubeconfig', () => {
  it('takes a token', () => {
    expect(read()).toEqual({
      server: 'https://api.c-1.kyma.example.com',
      certificateAuthority: pem.cert,
      credentials: { token: 'abc.def' },
    });
  });

  it('takes a client certificate', () => {
    const user = { 'client-certificate-data': base64(pem.cert), 'client-key-data': base64(pem.private) };

    expect(read({ user }).credentials).toEqual({ certificate: pem.cert, key: pem.private });
  });

  it.each<[string, Changes, string]>([
    ['a program that logs in', { user: { exec: { command: 'kubectl' } } }, 'service account'],
    ['a login plugin', { user: { 'auth-provider': { name: 'oidc' } } }, 'service account'],
    ['a token in a file', { user: { 'token-file': '/var/run/token' } }, 'put its content into token'],
    ['a token in a file, spelled otherwise', { user: { tokenFile: '/var/run/token' } }, 'put its content into token'],
    ['a certificate in a file', { user: { 'client-certificate': '/etc/cert' } }, 'client-certificate-data'],
    ['a key in a file', { user: { 'client-key': '/etc/key' } }, 'client-key-data'],
    ['a password', { user: { username: 'u', password: 'p' } }, 'service account'],
    ['another user to act as', { user: { token: 't', as: 'admin' } }, 'the token of that user'],
    ['a setting nobody knows', { user: { token: 't', magic: 1 } }, 'user.magic'],
    ['an authority in a file', { cluster: { 'certificate-authority': '/etc/ca' } }, 'certificate-authority-data'],
    ['no check of the certificate', { cluster: { 'insecure-skip-tls-verify': true } }, 'turns off the check'],
    ['a proxy', { cluster: { 'proxy-url': 'http://10.0.0.1' } }, 'proxy'],
    ['another name for the certificate', { cluster: { 'tls-server-name': 'x' } }, 'tls-server-name'],
    ['http', { cluster: { server: 'http://api.example.com' } }, 'https'],
    ['a private address', { cluster: { server: 'https://10.0.0.1' } }, 'FEDML_ALLOWED_PRIVATE_NETWORKS'],
    ['the metadata service', { cluster: { server: 'https://169.254.169.254' } }, 'no public address'],
    ['a user in the URL', { cluster: { server: 'https://a:b@api.example.com' } }, 'user name'],
    ['a path in the URL', { cluster: { server: 'https://api.example.com/k8s' } }, 'no path'],
    ['no authority', { cluster: { 'certificate-authority-data': undefined } }, 'certificate-authority-data is missing'],
    ['an authority that is none', { cluster: { 'certificate-authority-data': base64('x') } }, 'no certificate'],
    ['no login', { user: {} }, 'has no token'],
    ['half a client certificate', { user: { 'client-certificate-data': '' } }, 'client-key-data is missing'],
    ['a token with a line break', { user: { token: 'a\nb' } }, 'characters'],
    ['a context that is not there', { top: { 'current-context': 'other' } }, 'no context named "other"'],
    ['no contexts', { top: { contexts: [] } }, 'no context named "kyma"'],
    ['no users at all', { top: { users: undefined } }, 'users'],
  ])('refuses %s', (_, changes, message) => {
    expect(() => read(changes)).toThrow(
      expect.objectContaining({ name: 'InvalidKubeconfigError', message: expect.stringContaining(message) }),
    );
  });

  it('refuses a token beside a client certificate', () => {
    const user = { token: 't', 'client-certificate-data': base64(pem.cert), 'client-key-data': base64(pem.private) };

    expect(() => read({ user })).toThrow('both a token and a client certificate');
  });

  it('tells all problems at once, and no secret', () => {
    const changes = {
      cluster: { server: 'http://api.example.com', 'proxy-url': 'x' },
      user: { token: 'sec ret', exec: { command: 'x' } },
    };

    const message = (() => {
      try {
        return String(read(changes));
      } catch (error) {
        return (error as Error).message;
      }
    })();

    expect(message.split('\n')).toHaveLength(5);
    expect(message).toContain('user.exec');
    expect(message).toContain('cluster.proxy-url');
    expect(message).not.toContain('sec ret');
  });

  it.each([
    ['no YAML', '{'],
    ['a text', 'hello'],
    ['nothing', ''],
    ['aliases', 'a: &a [x]\nb: [*a]\n'],
    ['a bomb', `${'a: &a ["x"]\nb: &b [*a,*a]\nc: [*b,*b]\n'}`],
    ['a depth without end', '['.repeat(200) + ']'.repeat(200)],
    ['more than 64 KB', `a: ${'x'.repeat(70_000)}`],
    ['a key twice', 'users: []\nusers: []\n'],
  ])('refuses %s', (_, text) => {
    expect(() => readKubeconfig(text, guard)).toThrow(expect.objectContaining({ name: 'InvalidKubeconfigError' }));
  });
});
