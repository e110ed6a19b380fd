import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { zipEntries } from '#local/deployment/zip-archive.ts';
import { type Finding, resourcesOf, type Template, targetOf } from './template.ts';

/** What the functions' code may take unpacked; the parts of others are counted as they are. */
const MAX_BUNDLE_BYTES = 1024 * 1024;

/** Kubernetes' client is larger than that by itself: these ask the cluster's API. */
const LARGE_BUNDLES = new Set(
  ['ApplyToKyma', 'CheckRollout', 'PlanScoring', 'RefreshPullSecret', 'RollBackKyma', 'ScorePart', 'SmokeTest'].map(
    (name) => `${name}LambdaFunction`,
  ),
);

/** Lambda's limit for an unpacked function: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_FUNCTION_BYTES = 250 * 1024 * 1024;

const LICENCE = 'node_modules/@sap/hana-client/developer-license-3_2.txt';
const PLATFORMS: Readonly<Record<string, string>> = { arm64: 'linuxaarch64', x86_64: 'linuxx86_64' };

/** Looks at each function's log group, and into the archive that it is deployed from. */
export const checkFunctions = (template: Template, packageDir: string): Finding[] => [
  ...resourcesOf(template, 'AWS::Lambda::Function').flatMap(([id, properties]) => [
    ...checkLogGroup(template, id, properties),
    ...checkArtifact(id, properties, packageDir),
  ]),
  ...resourcesOf(template, 'AWS::Logs::LogGroup')
    .filter(([, { RetentionInDays }]) => RetentionInDays === undefined)
    .map(([where]) => ({ where, problem: 'It keeps its logs for ever; give it RetentionInDays.' })),
];

const checkLogGroup = (template: Template, where: string, { FunctionName }: Record<string, unknown>): Finding[] => {
  const wanted = `/aws/lambda/${FunctionName}`;
  const has = resourcesOf(template, 'AWS::Logs::LogGroup').some(([, { LogGroupName }]) => LogGroupName === wanted);
  return has
    ? []
    : [{ where, problem: `It has no log group ${wanted}: Lambda would make one that keeps logs for ever.` }];
};

const checkArtifact = (where: string, properties: Record<string, unknown>, packageDir: string): Finding[] => {
  const { S3Key } = properties.Code as { S3Key: string };
  const entries = zipEntries(readFileSync(join(packageDir, basename(S3Key))));
  const sizeOf = (matches: (path: string) => boolean): number =>
    entries.filter(({ path }) => matches(path)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const bundleBytes = sizeOf((path) => path.endsWith('handler.cjs'));
  const drivers = entries.filter(({ path }) => path.endsWith('.node')).map(({ path }) => path.split('/').at(-2));
  const [platform] = (properties.Architectures as string[] | undefined) ?? ['x86_64'];
  const problems = [
    ...(bundleBytes === 0 ? ['Its archive holds no handler.cjs.'] : []),
    ...(bundleBytes > MAX_BUNDLE_BYTES && !LARGE_BUNDLES.has(where)
      ? [`Its bundle has ${bundleBytes} bytes; ${MAX_BUNDLE_BYTES} are allowed.`]
      : []),
    ...(sizeOf(() => true) > MAX_FUNCTION_BYTES ? ['Lambda takes 250 MB unpacked, and it has more.'] : []),
    ...(drivers.length > 1 ? [`It packs the driver for ${drivers.join(' and ')}; it runs on one.`] : []),
    ...drivers
      .filter((driver) => driver !== PLATFORMS[platform!])
      .map((driver) => `It packs the driver for ${driver} and runs on ${platform}.`),
    ...(drivers.length > 0 && !entries.some(({ path }) => path === LICENCE)
      ? [`It packs the driver without ${LICENCE}.`]
      : []),
  ];
  return problems.map((problem) => ({ where, problem }));
};

/** Compares each state's time limit with its function's, and each placeholder with what stands for it. */
export const checkStateMachines = (template: Template): Finding[] =>
  resourcesOf(template, 'AWS::StepFunctions::StateMachine').flatMap(([where, properties]) => {
    const substitutions = (properties.DefinitionSubstitutions ?? {}) as Record<string, unknown>;
    const text = JSON.stringify(properties.Definition);
    const placeholders = new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!));
    return [
      ...[...placeholders]
        .filter((name) => !Object.hasOwn(substitutions, name))
        .map((name) => ({ where, problem: `Nothing stands for the placeholder ${name}.` })),
      ...Object.keys(substitutions)
        .filter((name) => !placeholders.has(name))
        .map((name) => ({ where, problem: `The definition has no placeholder ${name}.` })),
      ...[...states(properties.Definition)].flatMap(([name, state]) => {
        const functionId = targetOf(substitutions[functionPlaceholder(state) ?? '']);
        const timeout = Number(template.Resources[functionId ?? '']?.Properties?.Timeout);
        if (functionId === undefined || timeout < Number(state.TimeoutSeconds)) return [];
        return [
          {
            where: `${where} ${name}`,
            problem: `The state gives up after ${state.TimeoutSeconds} s, and its function runs up to ${timeout} s.`,
          },
        ];
      }),
    ];
  });

interface State {
  readonly Resource?: string;
  readonly Arguments?: { readonly FunctionName?: string };
  readonly TimeoutSeconds?: number;
}

function* states(node: unknown): Generator<[name: string, state: State]> {
  if (typeof node !== 'object' || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    if (key === 'States') yield* Object.entries(value as Record<string, State>);
    yield* states(value);
  }
}

const functionPlaceholder = ({ Resource = '', Arguments }: State): string | undefined =>
  /^\$\{(\w+FunctionArn)\}$/.exec(Arguments?.FunctionName ?? Resource)?.[1];
