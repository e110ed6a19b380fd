import type { SageMakerContext } from '../context.ts';
import type { Deployment } from './endpoint.ts';
import type { Variant } from './variant.ts';
import { openVariant } from './variant.ts';

/** The variants that serve one deployment of an endpoint. */
export interface Fleet {
  readonly deployment: Deployment;
  readonly variants: readonly Variant[];
  /** Starts every variant; on a failure all of them are ended. */
  start(): Promise<void>;
  /** The variant of that name, or one by weight. */
  choose(name?: string): Variant | undefined;
  retire(): Promise<void>;
}

export const openFleet = (context: SageMakerContext, endpointName: string, deployment: Deployment): Fleet => {
  const variants = deployment.ProductionVariants.map((variant) =>
    openVariant(context, endpointName, variant, deployment.containers[variant.VariantName]!),
  );
  const retire = async () => void (await Promise.all(variants.map((variant) => variant.retire())));
  return {
    deployment,
    variants,
    async start() {
      const started = await Promise.allSettled(variants.map((variant) => variant.start()));
      const failed = started.find((result) => result.status === 'rejected');
      if (!failed) return;
      await retire();
      throw failed.reason;
    },
    choose: (name) => (name === undefined ? byWeight(variants) : variants.find((variant) => variant.name === name)),
    retire,
  };
};

const byWeight = (variants: readonly Variant[]): Variant | undefined => {
  let remaining = Math.random() * variants.reduce((total, { weight }) => total + weight, 0);
  return (
    variants.find(({ weight }) => {
      remaining -= weight;
      return remaining < 0;
    }) ?? variants[0]
  );
};
