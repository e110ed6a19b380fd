import type { Stack } from '#local/template/physical-resources.ts';
import { type ResolvedStack, resolveStack } from '#local/template/stack.ts';
import { resolveTemplate, type Template } from '#local/template/template.ts';

/** A role as this checkout deploys it: who takes it, and what it has to allow. */
export interface WantedRole {
  /** Such as `function resolveRun`. */
  readonly holder: string;
  readonly policies: readonly Policy[];
  readonly trust: PolicyDocument;
}

interface Policy {
  readonly PolicyName: string;
  readonly PolicyDocument: PolicyDocument;
}

export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: readonly Statement[];
}

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Principal?: { readonly Service?: string };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | boolean | readonly string[]>>>>;
}

export interface WantedRoles {
  /** By the function's name. */
  readonly functions: Readonly<Record<string, WantedRole>>;
  /** By the machine's ARN. */
  readonly machines: Readonly<Record<string, WantedRole>>;
  readonly training: WantedRole;
  readonly model: WantedRole;
  readonly bucketPolicy: PolicyDocument;
}

export interface TemplateOptions {
  readonly rootDir: string;
  readonly stage: string;
  /** What the stage was deployed with, as far as it shows. */
  readonly params: Readonly<Record<string, string>>;
  readonly account: Stack['account'];
  readonly partition: string;
  readonly bucket: string;
}

/** Files that are made of the pipelines; no role is among them. */
const WITHOUT_FILES = ['functions/events/schedules.cjs', 'resources/pipeline-alarms.cjs'];

/** It moves the process's temporary folder. */
const WITHOUT_PLUGINS = ['./resources/plugins/temporary-folder.cjs'];

/**
 * The roles of a stage, with the names that its resources really have. `check:deployment` holds what they allow against what the
 * code calls, statement by statement, so that each statement stands for calls that are made.
 */
export const wantedRoles = async (options: TemplateOptions): Promise<WantedRoles> => {
  const { rootDir, stage, params, account, partition, bucket } = options;
  const without = { withoutFiles: WITHOUT_FILES, withoutPlugins: WITHOUT_PLUGINS };
  const template = await resolveTemplate({ rootDir, stage, params, ...without });
  const stack: Stack = { name: template.stackName, account, names: { Bucket: bucket } };
  const resolved = resolveStack(template, stack);
  const [[, bucketPolicy]] = resolved.ofType('AWS::S3::BucketPolicy') as [[string, { PolicyDocument: PolicyDocument }]];
  const key = (name: string): string => name.slice(template.stackName.length + 1);
  const wanted: WantedRoles = {
    functions: holders(resolved, 'AWS::Lambda::Function', 'Role', (id) => {
      const { name } = resolved.physical(id);
      return { id: name, holder: `function ${key(name)}` };
    }),
    machines: holders(resolved, 'AWS::StepFunctions::StateMachine', 'RoleArn', (id) => {
      const { name, ref } = resolved.physical(id);
      return { id: ref, holder: `state machine ${key(name)}` };
    }),
    ...jobRoles(template, stack),
    bucketPolicy: bucketPolicy.PolicyDocument,
  };
  return JSON.parse(JSON.stringify(wanted).replaceAll('arn:aws:', `arn:${partition}:`)) as WantedRoles;
};

const holders = (
  stack: ResolvedStack,
  type: string,
  roleProperty: string,
  nameOf: (id: string) => { readonly id: string; readonly holder: string },
): Record<string, WantedRole> => {
  const roles = new Map(
    stack.ofType('AWS::IAM::Role').map(([id, properties]) => [stack.physical(id).attributes.Arn!, properties]),
  );
  return Object.fromEntries(
    stack.ofType(type).map(([logicalId, properties]) => {
      const { id, holder } = nameOf(logicalId);
      return [id, roleOf(holder, roles.get(properties[roleProperty] as string)!)];
    }),
  );
};

/** Also where a stage was given roles of others for its jobs: those have to allow the same. */
const jobRoles = (template: Template, stack: Stack): Pick<WantedRoles, 'training' | 'model'> => {
  const always = { 'Fn::Equals': ['', ''] };
  const Conditions = { ...template.Conditions, CreatesTrainingRole: always, CreatesModelRole: always };
  const roles = new Map(resolveStack({ ...template, Conditions }, stack).ofType('AWS::IAM::Role'));
  return {
    training: roleOf('training jobs', roles.get('TrainingRole')!),
    model: roleOf('models', roles.get('ModelRole')!),
  };
};

const roleOf = (holder: string, properties: Readonly<Record<string, unknown>>): WantedRole => ({
  holder,
  trust: properties.AssumeRolePolicyDocument as PolicyDocument,
  policies: properties.Policies as Policy[],
});
