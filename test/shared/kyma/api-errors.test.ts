import { describe, expect, it } from 'vitest';
import { ForbiddenAddressError } from '#shared/errors.ts';
import { asClusterError, isNotFound } from '#shared/kyma/api-errors.ts';

const answer = (code: number, body: unknown) =>
  Object.assign(new Error('HTTP-Code: everything, with all headers'), { code, body });

const status = (code: number, message: string, details = {}) =>
  answer(code, JSON.stringify({ kind: 'Status', code, message, details }));

const translate = (error: unknown) => asClusterError(error, 'Applying Deployment fedml/flights', 'api.example.com');

describe('asClusterError', () => {
  it.each<[string, unknown, string, string]>([
    ['an expired token', status(401, 'Unauthorized'), 'ClusterAccessError', 'expired'],
    [
      'a missing right',
      status(
        403,
        'deployments.apps is forbidden: User "x" cannot patch resource "deployments" in API group "apps" in the namespace "fedml"',
      ),
      'ClusterAccessError',
      'the verb patch on deployments.apps',
    ],
    [
      'a policy whose author forbids',
      status(
        403,
        `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: needs a team`,
      ),
      'ClusterRefusedError',
      'needs a team',
    ],
    [
      'a policy that quotes the authorizer',
      status(
        403,
        `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: User "x" cannot patch resource "a"`,
      ),
      'ClusterRefusedError',
      'denied request',
    ],
    [
      'a limit range',
      status(403, 'pods "x" is forbidden: maximum cpu usage per Container is 1, but limit is 2'),
      'ClusterRefusedError',
      'maximum cpu usage',
    ],
    [
      'a namespace that is being deleted',
      status(
        403,
        'secrets "a" is forbidden: unable to create new content in namespace fedml because it is being terminated',
        {
          causes: [
            {
              reason: 'NamespaceTerminating',
              message: 'namespace fedml is being terminated',
              field: 'metadata.namespace',
            },
          ],
        },
      ),
      'ClusterRefusedError',
      'Run again when the namespace is gone',
    ],
    ['a quota', status(403, 'pods "x" is forbidden: exceeded quota: small'), 'ClusterRefusedError', 'exceeded quota'],
    [
      'a webhook',
      status(403, 'admission webhook "policy.example.com" denied the request: no'),
      'ClusterRefusedError',
      'no',
    ],
    [
      'an invalid object, with its causes',
      status(422, 'is invalid', { causes: [{ field: 'spec.hosts', message: 'Required value' }] }),
      'ClusterRefusedError',
      'spec.hosts: Required value',
    ],
    [
      'an unknown field in an apply, which comes as 500',
      status(500, 'failed to create typed patch object (a/b; apps/v1): .spec.foo: field not declared in schema'),
      'ClusterRefusedError',
      '.spec.foo',
    ],
    [
      'a value that is no quantity, which comes as 500 too',
      status(500, 'failed to convert new object (a/b; apps/v1) to proper version: quantities must match'),
      'ClusterRefusedError',
      'quantities must match',
    ],
    [
      'a kind that the cluster lacks',
      status(404, 'the server could not find the requested resource'),
      'ClusterRefusedError',
      'could not find',
    ],
    ['a busy API', status(429, 'too many requests'), 'ClusterUnavailableError', 'too many requests'],
    ['a broken API', status(503, 'etcd is down'), 'ClusterUnavailableError', 'etcd is down'],
    ['a proxy’s page', answer(502, '<html>bad gateway</html>'), 'ClusterUnavailableError', 'HTTP 502'],
    [
      'a refused connection',
      new TypeError('fetch failed', { cause: Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' }) }),
      'ClusterUnavailableError',
      'ECONNREFUSED',
    ],
    ['a time limit', new DOMException('too slow', 'TimeoutError'), 'ClusterUnavailableError', 'too slow'],
  ])('translates %s', (_, error, name, message) => {
    expect(translate(error)).toMatchObject({ name, message: expect.stringContaining(message) });
  });

  it('finds an address that was refused under its wrappings', () => {
    const refused = new ForbiddenAddressError('leads to 10.0.0.1');

    expect(translate(new TypeError('fetch failed', { cause: new Error('x', { cause: refused }) }))).toBe(refused);
  });

  it.each([
    Object.assign(
      new Error('Failed to fetch resource metadata for gateway.kyma-project.io/v2/APIRule: HTTP-Code: 404'),
      {
        code: 404,
        body: '404 page not found',
      },
    ),
    new Error('Unrecognized API version and kind: gateway.kyma-project.io/v2 APIRule'),
  ])('says which modules bring a kind that the cluster lacks, and takes it for no object that is missing', (error) => {
    expect(translate(error)).toMatchObject({
      name: 'ClusterRefusedError',
      message: expect.stringMatching(
        /doesn't know gateway\.kyma-project\.io\/v2.APIRule\. Add Kyma's modules istio and api-gateway/,
      ),
    });
    expect(isNotFound(error)).toBe(false);
  });

  it('tells each cause once, and not that further rules were not checked', () => {
    const causes = [
      { field: 'spec.hosts', message: 'Required value' },
      { field: '<nil>', message: 'Invalid value: null: some validation rules were not checked' },
    ];
    const message =
      'APIRule.gateway.kyma-project.io "flights" is invalid: [spec.hosts: Required value, <nil>: Invalid …]';

    expect(translate(status(422, message, { causes })).message).toBe(
      'Applying Deployment fedml/flights was refused: APIRule.gateway.kyma-project.io "flights" is invalid:\n' +
        '  spec.hosts: Required value',
    );
  });

  it('tells a policy’s reason once', () => {
    const why = `ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: object.spec.replicas > 7`;
    const message = `deployments.apps "a" is forbidden: ${why}`;

    expect(translate(status(422, message, { causes: [{ message: why }] })).message).toBe(
      `Applying Deployment fedml/flights was refused: ${message}`,
    );
  });

  it('takes over neither headers nor bodies that say nothing', () => {
    expect(translate(status(422, 'is invalid')).message).not.toContain('headers');
  });
});
