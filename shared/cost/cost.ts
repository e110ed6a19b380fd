import type { PriceTable } from '#shared/cost/prices.ts';

/** Instances of one type that run for a time. */
export interface InstanceUse {
  /** Such as `training`. */
  readonly what: string;
  readonly instanceType: string;
  readonly instanceCount: number;
  /** Of each instance; what is billed, so that a spot job's is shorter than its run time. */
  readonly seconds: number;
}

/** What a run uses of what AWS charges for. */
export interface Usage {
  readonly instances: readonly InstanceUse[];
  readonly functionCalls: number;
  readonly functionGbSeconds: number;
  readonly stateTransitions: number;
}

export interface CostLine {
  readonly what: string;
  readonly amount: string;
  /** Undefined where the table has no price for it. */
  readonly cost: number | undefined;
}

export interface Cost {
  readonly lines: readonly CostLine[];
  /** Of the lines that have a price. */
  readonly total: number;
  /** Why the real bill is another one. */
  readonly notCounted: readonly string[];
}

/** What a usage costs by a table of prices: the same calculation for a run that has ended and for one that is planned. */
export const costOf = (usage: Usage, prices: PriceTable): Cost => {
  const lines = [...usage.instances.map((use) => instanceLine(use, prices)), ...serviceLines(usage, prices)];
  const unpriced = lines.filter(({ cost }) => cost === undefined).map(({ amount }) => amount);
  return {
    lines,
    total: lines.reduce((sum, { cost = 0 }) => sum + cost, 0),
    notCounted: [
      ...(unpriced.length > 0 ? [`no price is known for ${unpriced.join(', ')}: name a table that has it`] : []),
      ...NOT_COUNTED,
    ],
  };
};

const instanceLine = (
  { what, instanceType, instanceCount, seconds }: InstanceUse,
  { instanceHour }: PriceTable,
): CostLine => {
  const hourly = Object.hasOwn(instanceHour, instanceType) ? instanceHour[instanceType] : undefined;
  return {
    what,
    amount: `${instanceCount} × ${instanceType} × ${Math.round(seconds)} s`,
    cost: hourly === undefined ? undefined : (hourly * instanceCount * seconds) / 3600,
  };
};

const serviceLines = (usage: Usage, prices: PriceTable): CostLine[] => [
  {
    what: 'functions',
    amount: `about ${usage.functionCalls} calls, ${Math.ceil(usage.functionGbSeconds)} GB-seconds`,
    cost:
      usage.functionGbSeconds * prices.functionGbSecond +
      (usage.functionCalls * prices.functionCalls.price) / prices.functionCalls.per,
  },
  {
    what: 'state machines',
    amount: `about ${usage.stateTransitions} transitions`,
    cost: (usage.stateTransitions * prices.stateTransitions.price) / prices.stateTransitions.per,
  },
];

const NOT_COUNTED: readonly string[] = [
  'an endpoint on instances, which costs by the hour until it is deleted, whatever runs do',
  "instances' volumes, S3 (storage and requests), CloudWatch, and data that passes a NAT gateway",
  'the warehouse: what SAP charges for reading, writing and outbound data',
  'taxes, discounts and free tiers',
];
