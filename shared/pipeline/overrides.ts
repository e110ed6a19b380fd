import { InvalidInputError } from '#shared/errors.ts';
import { type ExactJson, parseExact, plainJson } from '#shared/json/exact-json.ts';
import { nearestNames } from '#shared/nearest-names.ts';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { mistakesOf } from '#shared/pipeline/setting-mistakes.ts';

/**
 * What an execution's input may change of `pipeline.yml`: how much a run costs and how it trains. What it reads and where
 * it writes, its SQL, tables, roles and networks, can't be changed by whoever may start a run. A star stands for one name.
 */
export const OVERRIDABLE_PATHS = [
  'reuse',
  'source.maxShrink',
  'source.split.testFraction',
  'source.split.seed',
  'training.hyperparameters.*',
  'training.instanceType',
  'training.instanceCount',
  'training.volumeSizeGb',
  'training.maxRuntimeSeconds',
  'training.spot',
  'training.spot.maxWaitSeconds',
  'deployment.instances',
  'deployment.instances.type',
  'deployment.instances.count',
  'deployment.serverless',
  'deployment.serverless.memorySizeMb',
  'deployment.serverless.maxConcurrency',
  'deployment.smokeTestRows',
  'prediction.source.maxShrink',
  'prediction.method',
  'prediction.instances.type',
  'prediction.instances.count',
  'prediction.payloadKb',
] as const;

/** Settings that `null` takes away: on-demand instead of spot, instances instead of serverless. */
const REMOVABLE_PATHS = new Set(['training.spot', 'deployment.instances', 'deployment.serverless']);

/** Numbers as they were written: those of hyperparameters are a script's to read. */
export type Overrides = Readonly<Record<string, ExactJson>>;

/**
 * A definition with some settings replaced, by dotted paths such as `training.instanceType`.
 *
 * @throws InvalidInputError with every path that can't be set and every value that doesn't fit.
 */
export const applyOverrides = (definition: PipelineDefinition, overrides: Overrides): PipelineDefinition => {
  const mistakes = Object.keys(overrides).flatMap((path) => mistakeOf(definition, path));
  if (mistakes.length > 0) throw new InvalidInputError(`The overrides can't be applied.\n${mistakes.join('\n')}`);
  const changed = parseExact(JSON.stringify(definition)) as PipelineDefinition;
  for (const [path, value] of Object.entries(overrides)) set(changed, path, value);
  const parsed = PipelineDefinition.safeParse(changed);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.flatMap(mistakesOf).map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new InvalidInputError(`With its overrides, the pipeline is not valid.\n${issues.join('\n')}`);
};

const mistakeOf = (definition: PipelineDefinition, path: string): string[] => {
  if (!OVERRIDABLE_PATHS.some((pattern) => matches(pattern, path))) {
    const nearest = nearestNames(path, OVERRIDABLE_PATHS);
    const offer =
      nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}?` : `Can be set: ${OVERRIDABLE_PATHS.join(', ')}.`;
    return [`  ${path}: can't be set for one run. ${offer}`];
  }
  const section = path.split('.')[0] as keyof PipelineDefinition;
  return definition[section] === undefined ? [`  ${path}: pipeline.yml has no ${section} to change.`] : [];
};

const matches = (pattern: string, path: string): boolean =>
  pattern.endsWith('.*')
    ? path.startsWith(pattern.slice(0, -1)) && path.length > pattern.length - 1 && !path.endsWith('__proto__')
    : pattern === path;

/** The last name of a path may have dots itself: hyperparameters are the user's to name. */
const set = (root: object, path: string, value: unknown): void => {
  const starred = OVERRIDABLE_PATHS.find((pattern) => pattern.endsWith('.*') && matches(pattern, path));
  const names = path.split('.');
  const parents = starred ? starred.slice(0, -2).split('.') : names.slice(0, -1);
  const name = names.slice(parents.length).join('.');
  let target = root as Record<string, unknown>;
  for (const parent of parents) {
    target[parent] ??= {};
    target = target[parent] as Record<string, unknown>;
  }
  if (value === null && REMOVABLE_PATHS.has(path)) delete target[name];
  else target[name] = starred ? value : plainJson(value);
};
