import { resourceTexts } from './needs.ts';
import { resourcesOf, type Template } from './template.ts';

/** What resources of the stack are called in policies. */
export interface StackNames {
  readonly sageMaker: (kind: string) => string;
  /** The ARN of a machine, by the last part of its name. */
  readonly machine: (name: string) => string;
  /** What lies below a machine, `execution` or `mapRun`, with a pattern. */
  readonly below: (kind: 'execution' | 'mapRun', pattern: string) => string;
  /** Executions of the machines that have Distributed Maps, and the children of those. */
  readonly executionsWithMaps: readonly string[];
  /** All Map Runs of the stack's machines. */
  readonly mapRuns: readonly string[];
  /** The customer's key, if there is one; else the empty text that stands for it. */
  readonly key: readonly string[];
  readonly objectsIn: (place: string) => string; // of shared/store/layout.ts
}

const arn = (service: string, rest: string): string =>
  `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`;

export const stackNames = (template: Template): StackNames => {
  const machines = resourcesOf(template, 'AWS::StepFunctions::StateMachine');
  const pipeline = machines.map(([, { StateMachineName }]) => String(StateMachineName)).find(isPipeline) ?? '-pipeline';
  const stack = pipeline.slice(0, -'-pipeline'.length);
  const bucket = template.Resources.Bucket?.Properties?.BucketEncryption;
  const [rule] =
    (bucket as { ServerSideEncryptionConfiguration: { ServerSideEncryptionByDefault: Record<string, unknown> }[] })
      ?.ServerSideEncryptionConfiguration ?? [];
  const below = (kind: 'execution' | 'mapRun', pattern: string): string => arn('states', `${kind}:${stack}-${pattern}`);
  const withMap = machines
    .filter(([, { Definition }]) => hasDistributedMap(Definition))
    .map(([, { StateMachineName }]) => String(StateMachineName).split('-').at(-1)!);
  return {
    sageMaker: (kind) => arn('sagemaker', `${kind}/*`),
    machine: (name) => arn('states', `stateMachine:${stack}-${name}`),
    below,
    executionsWithMaps: withMap.flatMap((machine) => [
      below('execution', `${machine}:*`),
      below('execution', `${machine}/*`),
    ]),
    mapRuns: withMap.map((machine) => below('mapRun', `${machine}/*`)),
    key: resourceTexts(rule?.ServerSideEncryptionByDefault.KMSMasterKeyID),
    objectsIn: (place) => `\${Bucket.Arn}/${place}/*`,
  };
};

export const hasDistributedMap = (definition: unknown): boolean =>
  /"Mode":"DISTRIBUTED"/.test(JSON.stringify(definition));

const isPipeline = (name: string): boolean => name.endsWith('-pipeline');
