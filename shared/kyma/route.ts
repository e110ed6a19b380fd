import type { ApiRule, KubernetesObject } from '#shared/kyma/objects.ts';
import { FIELD_MANAGER } from '#shared/kyma/ownership.ts';
import type { Verdict } from '#shared/kyma/rollout.ts';

/** What an APIRule was like when we wrote to it last. */
export interface ApiRuleBefore {
  readonly generation: number | null;
  readonly lastProcessedTime: string | null;
}

/** Written with the APIRule, so that whoever looks at it later can tell its old status from a new one. */
const BEFORE_ANNOTATION = 'fedml-serverless/status-before';

/** A route that remembers what was there when it was applied. */
export const rememberingRoute = (route: KubernetesObject, live: ApiRule | undefined): KubernetesObject => {
  const before: ApiRuleBefore = {
    generation: live?.metadata.generation ?? null,
    lastProcessedTime: live?.status?.lastProcessedTime ?? null,
  };
  const annotations = { ...route.metadata.annotations, [BEFORE_ANNOTATION]: JSON.stringify(before) };
  return { ...route, metadata: { ...route.metadata, annotations } };
};

export const beforeRouteOf = ({ metadata }: ApiRule): ApiRuleBefore => {
  try {
    return JSON.parse(metadata.annotations?.[BEFORE_ANNOTATION] ?? '') as ApiRuleBefore;
  } catch {
    return { generation: null, lastProcessedTime: null };
  }
};

/** Kyma's api-gateway looks at a rule in error again after a minute. */
const GRACE_MS = 60_000;

/**
 * Whether the host is exposed as it was asked for last. APIRules have no `observedGeneration`: after a change, a status
 * counts only once its `lastProcessedTime` has moved. A Warning may heal by itself, when pods come up, and so may an Error,
 * when a host becomes free: it counts once the gateway has looked again a minute after our last write and still finds it.
 */
export const apiRuleVerdict = (apiRule: ApiRule, before: ApiRuleBefore): Verdict => {
  const { metadata, status } = apiRule;
  const isChanged = metadata.generation !== before.generation;
  const isLookedAtAgain = status?.lastProcessedTime !== before.lastProcessedTime;
  if (status?.lastProcessedTime === undefined || (isChanged && !isLookedAtAgain)) {
    return { state: 'waiting', detail: 'The API gateway has not looked at the APIRule yet.' };
  }
  const { state, description = '', lastProcessedTime } = status;
  if (state === 'Ready') return { state: 'ready' };
  const detail = `The APIRule is in the state ${state}: ${description}`;
  const age = Date.parse(lastProcessedTime) - writtenAt(apiRule);
  const hasPersisted = state === 'Error' && isLookedAtAgain && age >= GRACE_MS;
  return hasPersisted ? { state: 'failed', reason: 'APIRuleError', detail } : { state: 'waiting', detail };
};

/** By the cluster's clock, as the status is. */
const writtenAt = ({ metadata: { managedFields = [], creationTimestamp = '' } }: ApiRule): number => {
  const times = managedFields
    .filter((each) => each.manager === FIELD_MANAGER && each.operation === 'Apply')
    .map(({ time = '' }) => Date.parse(time));
  return Math.max(Date.parse(creationTimestamp) || 0, ...times.filter((time) => !Number.isNaN(time)));
};
