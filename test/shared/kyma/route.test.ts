import { describe, expect, it } from 'vitest';
import { apiRuleManifest } from '#shared/kyma/manifests.ts';
import type { ApiRule } from '#shared/kyma/objects.ts';
import { apiRuleVerdict, beforeRouteOf, rememberingRoute } from '#shared/kyma/route.ts';
import { deployedModel } from './models.ts';

describe('a route', () => {
  const written = '2026-03-01T06:00:03Z';
  const apiRule = (status: ApiRule['status'], generation = 2): ApiRule => ({
    apiVersion: 'gateway.kyma-project.io/v2',
    kind: 'APIRule',
    metadata: {
      name: 'flights',
      generation,
      managedFields: [{ manager: 'fedml-serverless', operation: 'Apply', time: written }],
    },
    ...(status && { status }),
  });
  const before = { generation: 1, lastProcessedTime: '2026-03-01T06:00:00Z' };
  const later = '2026-03-01T06:00:05Z';

  it.each<[string, ApiRule['status'], object]>([
    ['ready', { state: 'Ready', lastProcessedTime: later }, { state: 'ready' }],
    ['not looked at', undefined, { state: 'waiting' }],
    ['ready as it was before', { state: 'Ready', lastProcessedTime: before.lastProcessedTime }, { state: 'waiting' }],
    ['in work', { state: 'Processing', lastProcessedTime: later }, { state: 'waiting' }],
    [
      'warned of',
      { state: 'Warning', description: 'no sidecar', lastProcessedTime: later },
      { state: 'waiting', detail: 'The APIRule is in the state Warning: no sidecar' },
    ],
    [
      'wrong, which may be of a host that becomes free',
      { state: 'Error', description: 'Host is occupied', lastProcessedTime: later },
      { state: 'waiting', detail: expect.stringContaining('Host is occupied') },
    ],
    [
      'wrong a minute later',
      { state: 'Error', description: 'Host is occupied', lastProcessedTime: '2026-03-01T06:01:05Z' },
      { state: 'failed', reason: 'APIRuleError', detail: expect.stringContaining('Host is occupied') },
    ],
  ])('that is %s', (_, status, expected) => {
    expect(apiRuleVerdict(apiRule(status), before)).toMatchObject(expected);
  });

  it('that nobody changed is as good as it was', () => {
    const status = { state: 'Ready', lastProcessedTime: before.lastProcessedTime } as const;

    expect(apiRuleVerdict(apiRule(status, 1), before)).toEqual({ state: 'ready' });
  });

  it('that was wrong before and not looked at since is waited for', () => {
    const status = { state: 'Error', lastProcessedTime: before.lastProcessedTime } as const;

    expect(apiRuleVerdict(apiRule(status, 1), before)).toMatchObject({ state: 'waiting' });
  });

  it('remembers the status that it had when it was applied', () => {
    const manifest = apiRuleManifest(deployedModel('image'));
    const live = apiRule({ state: 'Error', lastProcessedTime: before.lastProcessedTime }, 1);

    expect(beforeRouteOf(rememberingRoute(manifest, live) as ApiRule)).toEqual(before);
    expect(beforeRouteOf(rememberingRoute(manifest, undefined) as ApiRule)).toEqual({
      generation: null,
      lastProcessedTime: null,
    });
  });
});
