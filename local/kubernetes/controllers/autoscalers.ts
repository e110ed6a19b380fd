import type { ControllerContext } from './context.ts';

interface Spec {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly scaleTargetRef: { readonly kind: string; readonly name: string };
}

/** Keeps replicas between an autoscaler's bounds. The laptop measures no load, so it never goes above the lower one by itself. */
export const autoscalerController =
  ({ store }: ControllerContext) =>
  (): void => {
    for (const autoscaler of store.list('HorizontalPodAutoscaler')) {
      const { minReplicas, maxReplicas, scaleTargetRef } = autoscaler.spec as Spec;
      const target = store.get(scaleTargetRef.kind, autoscaler.metadata.namespace, scaleTargetRef.name);
      if (!target) continue;
      const spec = target.spec as { replicas: number };
      const replicas = Math.min(maxReplicas, Math.max(minReplicas, spec.replicas));
      store.put({ ...target, spec: { ...spec, replicas } });
      store.put({ ...autoscaler, status: { currentReplicas: spec.replicas, desiredReplicas: replicas } });
    }
  };
