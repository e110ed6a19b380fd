import type { GateRule } from '#shared/pipeline/definition.ts';
import type { Metrics } from '#shared/sagemaker/metrics.ts';

export interface RuleResult extends GateRule {
  /** Null when the training job printed no such metric, or something that is no number. */
  readonly value: number | null;
  readonly passed: boolean;
  readonly explanation: string;
}

/** Judges every rule of the gate. A metric that is missing or not a finite number fails its rule. */
export const judge = (gate: readonly GateRule[], metrics: Metrics): RuleResult[] =>
  gate.map((rule) => ({ ...rule, value: metrics[rule.metric] ?? null, ...verdict(rule, metrics[rule.metric]) }));

const verdict = ({ metric, min, max }: GateRule, value: Metrics[string] | undefined) => {
  if (value === undefined) {
    return no(`${metric} was never printed: no line of the training log matches its regex in training.metrics.`);
  }
  if (value === null) return no(`${metric} is not a finite number: the training script printed NaN or an infinity.`);
  if (min !== undefined && value < min) return no(`${metric} is ${value}, below the minimum of ${min}.`);
  if (max !== undefined && value > max) return no(`${metric} is ${value}, above the maximum of ${max}.`);
  return { passed: true, explanation: `${metric} is ${value}.` };
};

const no = (explanation: string) => ({ passed: false, explanation });
