import type { Deployment, ReplicaSet } from '#shared/kyma/objects.ts';
import { quantityOf } from '#shared/kyma/resource-quantities.ts';

/** Why the cluster takes no pod of a ReplicaSet at the moment. */
export interface PodRefusal {
  readonly reason: string;
  readonly detail: string;
  /** Whether trying again is pointless: the same pod will be refused for the same reason. */
  readonly isFinal: boolean;
}

/**
 * A quota or an admission rule refuses pods, not the Deployment: it shows on the ReplicaSet, and on the Deployment as a copy.
 * The ReplicaSet tries again with growing pauses, so a webhook that is away and a quota that old pods still hold can pass.
 */
export const podRefusalOf = (deployment: Deployment, replicaSet: ReplicaSet | undefined): PodRefusal | undefined => {
  const conditions = [...(replicaSet?.status?.conditions ?? []), ...(deployment.status?.conditions ?? [])];
  const refusal = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (!refusal) return undefined;
  const { message = '', reason = 'ReplicaFailure' } = refusal;
  const isQuota = message.includes('exceeded quota');
  return {
    reason: isQuota ? 'QuotaExceeded' : reason,
    detail: `The cluster refuses the model's pods: ${message}`,
    isFinal: isQuota ? asksForMoreThanAll(message) : FINAL.test(message),
  };
};

/** Rules that look at the pod alone. A webhook that can't be reached is none of them. */
const FINAL =
  /violates PodSecurity|denied (the )?request|failed quota|is invalid:|(maximum|minimum) \S+ usage per|because it is being terminated/;

/** Whether the pod asks for more than the quota has in all: then no pod that ends makes room. */
const asksForMoreThanAll = (message: string): boolean => {
  const requested = amountsIn(/requested: (.+?), used: /.exec(message)?.[1]);
  const limited = amountsIn(/limited: (.+)$/.exec(message)?.[1]);
  return [...requested].some(([resource, amount]) => amount > (limited.get(resource) ?? Number.POSITIVE_INFINITY));
};

/** `limits.cpu=1,limits.memory=2Gi`. */
const amountsIn = (text = ''): ReadonlyMap<string, number> =>
  new Map(
    text.split(',').flatMap((each): [string, number][] => {
      const [resource = '', quantity = ''] = each.trim().split('=');
      const amount = quantityOf(quantity);
      return amount === undefined ? [] : [[resource, amount]];
    }),
  );
