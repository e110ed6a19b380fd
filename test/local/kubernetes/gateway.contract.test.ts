import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpsCall } from '#shared/kyma/https-call.ts';
import { apiRuleManifest, namespaceManifest, workloadManifests } from '#shared/kyma/manifests.ts';
import type { ApiRule } from '#shared/kyma/objects.ts';
import { pullSecretManifest } from '#shared/kyma/pull-secret.ts';
import { addingModel, deployedModel, settings } from '#test/shared/kyma/models.ts';
import { eventually } from './eventually.ts';
import { loopback, type OpenKubernetes, openKubernetes } from './open-kubernetes.ts';

let open: OpenKubernetes;
beforeAll(async () => {
  open = await openKubernetes();
  const { cluster, registry, kubernetes } = open;
  const { issuer, jwksUri, clientId } = kubernetes.issuer;
  const auth = { jwt: { issuer, jwksUri, audiences: [clientId], requiredScopes: ['predict'] } };
  const model = deployedModel(await registry.push(addingModel(1)), { settings: { ...settings, auth } });
  const secret = { pipeline: 'adder', namespace: 'models' };
  const login = { host: registry.host, username: 'AWS', password: 'secret', expiresAt: new Date() };
  await cluster.apply(namespaceManifest('models'));
  for (const each of [pullSecretManifest(secret, login), ...workloadManifests(model), apiRuleManifest(model)]) {
    await cluster.apply(each);
  }
  await eventually(
    async () => (await ask({ token: await open.kubernetes.issuer.sign(SCOPE) })).status === 200,
    'it served',
  );
});
afterAll(() => open.close());

const SCOPE = { scope: 'other predict' };

const ask = ({ token = '', path = 'invocations', host = 'adder', method = 'POST' as const } = {}) =>
  httpsCall(
    {
      url: `https://${host}.kyma.localhost:${new URL(open.kubernetes.gateway.url).port}/${path}`,
      method,
      headers: { 'content-type': 'text/csv', accept: 'text/csv', ...(token && { authorization: `Bearer ${token}` }) },
      body: '1\n2\n',
      timeoutMs: 5_000,
      certificateAuthority: open.kubernetes.certificateAuthority,
    },
    loopback,
  );

describe('the gateway', () => {
  it('leads a request with the right token to the model', async () => {
    expect(await ask({ token: await open.kubernetes.issuer.sign(SCOPE) })).toMatchObject({
      status: 200,
      body: Buffer.from('2.0\n3.0\n'),
    });
  });

  it('answers 403 without a token', async () => {
    expect(await ask()).toMatchObject({ status: 403, body: Buffer.from('RBAC: access denied') });
  });

  it.each([
    ['another audience', { ...SCOPE, aud: ['others'] }],
    ['no scope', {}],
  ])('answers 403 to a token with %s', async (_, claims) => {
    expect(await ask({ token: await open.kubernetes.issuer.sign(claims) })).toMatchObject({ status: 403 });
  });

  it.each<[string, () => Promise<string> | string]>([
    ['has expired', () => open.kubernetes.issuer.sign({ ...SCOPE, exp: 1_000_000_000 })],
    ['is of another issuer', () => open.kubernetes.issuer.sign({ ...SCOPE, iss: 'https://other.example.com' })],
    ['is none', () => 'abc'],
    [
      'is signed by somebody else',
      async () => {
        const { privateKey } = await generateKeyPair('RS256');
        const { issuer, clientId } = open.kubernetes.issuer;
        return new SignJWT({ iss: issuer, aud: clientId, ...SCOPE })
          .setProtectedHeader({ alg: 'RS256', kid: 'laptop' })
          .setExpirationTime('1h')
          .sign(privateKey);
      },
    ],
    ['is not signed at all', () => `${btoa('{"alg":"none"}')}.${btoa('{"scope":"predict"}')}.`],
  ])('answers 401 to a token that %s', async (_, token) => {
    expect(await ask({ token: await token() })).toMatchObject({ status: 401 });
  });

  it('answers 404 for a host or a path that no rule exposes', async () => {
    const token = await open.kubernetes.issuer.sign(SCOPE);

    expect(await ask({ token, host: 'other' })).toMatchObject({ status: 404 });
    expect(await ask({ token, path: 'execution-parameters' })).toMatchObject({ status: 404 });
  });

  it('warns of pods without the sidecar, and says which', async () => {
    const plain = deployedModel('127.0.0.1:1/x@sha256:0', { pipeline: 'plain' });
    for (const object of [...workloadManifests(plain), apiRuleManifest(plain)]) {
      const copy = JSON.parse(JSON.stringify(object).replace('"sidecar.istio.io/inject":"true",', ''));
      await open.cluster.apply(copy);
    }

    const status = await eventually(async () => {
      const rule = await open.cluster.get<ApiRule>('APIRule', { namespace: 'models', name: 'plain' });
      return rule?.status?.state === 'Warning' && rule.status;
    }, 'the APIRule was warned of');
    expect(status.description).toContain('does not have an injected istio sidecar');
  });
});
