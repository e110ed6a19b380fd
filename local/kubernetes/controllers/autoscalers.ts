import { timestamp } from '../api/object-store.ts';
import type { Condition, StoredObject } from '../api/stored-object.ts';
import type { ControllerContext } from './context.ts';
import { withTimes } from './deployments.ts';

interface Spec {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly scaleTargetRef: { readonly kind: string; readonly name: string };
}

/**
 * Keeps replicas between an autoscaler's bounds. The laptop measures no load, so it never goes above the lower one by itself;
 * its status says so. What somebody has scaled to 0 stays there.
 */
export const autoscalerController = (context: ControllerContext) => (): void => {
  const { store } = context;
  for (const autoscaler of store.list('HorizontalPodAutoscaler')) {
    const { minReplicas, maxReplicas, scaleTargetRef } = autoscaler.spec as Spec;
    const target = store.get(scaleTargetRef.kind, autoscaler.metadata.namespace, scaleTargetRef.name);
    if (!target) {
      const message =
        `the HPA controller was unable to get the target's current scale: ` +
        `deployments/scale.apps "${scaleTargetRef.name}" not found`;
      writeStatus(context, autoscaler, { currentReplicas: 0, desiredReplicas: 0 }, [
        { type: 'AbleToScale', status: 'False', reason: 'FailedGetScale', message },
      ]);
      continue;
    }
    const spec = target.spec as { replicas: number };
    if (spec.replicas === 0) {
      writeStatus(context, autoscaler, { currentReplicas: 0, desiredReplicas: 0 }, [ABLE, DISABLED]);
      continue;
    }
    const replicas = Math.min(maxReplicas, Math.max(minReplicas, spec.replicas));
    store.put({ ...target, spec: { ...spec, replicas } });
    const counts = { currentReplicas: spec.replicas, desiredReplicas: replicas };
    writeStatus(context, autoscaler, counts, [ABLE, NOT_MEASURED]);
  }
};

const ABLE: Condition = {
  type: 'AbleToScale',
  status: 'True',
  reason: 'SucceededGetScale',
  message: "the HPA controller was able to get the target's current scale",
};

const DISABLED: Condition = {
  type: 'ScalingActive',
  status: 'False',
  reason: 'ScalingDisabled',
  message: 'scaling is disabled since the replica count of the target is zero',
};

const NOT_MEASURED: Condition = {
  type: 'ScalingActive',
  status: 'False',
  reason: 'FailedGetContainerResourceMetric',
  message:
    'the HPA was unable to compute the replica count: failed to get cpu container metric value: the local cloud measures no load',
};

const writeStatus = (
  { store, now }: ControllerContext,
  autoscaler: StoredObject,
  counts: object,
  conditions: readonly Condition[],
): void => {
  const before = (autoscaler.status as { conditions?: Condition[] } | undefined)?.conditions ?? [];
  const timed = conditions.map((condition) => withTimes(condition, before, timestamp(now())));
  store.put({ ...autoscaler, status: { ...counts, conditions: timed } });
};
