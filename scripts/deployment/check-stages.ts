import { type Names, nameRuleOf, namesIn } from './arns.ts';
import { type Statement, statementsIn, statementsOf } from './policies.ts';
import { alternatives, type Finding, listOf, type Resource, type Template } from './template.ts';

/** As in resources/plugins/known-parameters.cjs, which refuses longer ones. */
export const MAX_STAGE_LENGTH = 20;

/**
 * Looks whether a stage keeps to itself: no policy of the stage `dev` is one for resources of `dev-eu`, each name that a
 * policy goes by is the template's own and not CloudFormation's, and all names fit with the longest stage.
 *
 * @param deployRole The template of the role to deploy with.
 */
export const checkStages = (template: Template, deployRole: Template): Finding[] => {
  const stack = stackNameOf(template);
  const neighbors = [`${stack}-eu`, `${stack}2`, `${stack}-eu-2`, stack.slice(0, -1)];
  return [
    ...nameless(template),
    ...tooLong(template),
    ...neighbors.flatMap((each) => shared(template, deployRole, each)),
  ];
};

/** Serverless writes it into the name of an export: `sls-<stack>-ServerlessDeploymentBucketName`. */
const stackNameOf = ({ Outputs = {} }: Template): string => {
  const { Export } = Outputs.ServerlessDeploymentBucketName as { Export: { Name: string } };
  return Export.Name.slice('sls-'.length, -'-ServerlessDeploymentBucketName'.length);
};

/** The same template as another stack, whose names begin with that one's. */
const asStack = (template: Template, stack: string): Template => {
  const own = new RegExp(`\\b${stackNameOf(template)}(?!\\w)`, 'g');
  return JSON.parse(JSON.stringify(template).replaceAll(own, stack)) as Template;
};

/** CloudFormation shortens the stack's name in the names that it makes; then no policy that begins with it is for them. */
const nameless = ({ Resources }: Template): Finding[] =>
  Object.entries(Resources).flatMap(([where, { Type, Properties = {} }]) => {
    const property = Type === 'AWS::IAM::Role' ? 'Path' : nameRuleOf(Type)?.property;
    if (property === undefined || Object.hasOwn(Properties, property)) return [];
    return [{ where, problem: `It has no ${property}, so that no policy can tell which stage it is of.` }];
  });

const tooLong = (template: Template): Finding[] => {
  const stack = `fedml-serverless-${'s'.repeat(MAX_STAGE_LENGTH)}`;
  const { Resources } = asStack(template, stack);
  const { nameOf } = namesIn({ Resources }, stack);
  return Object.entries(Resources).flatMap(([where, { Type }]) => {
    const length = nameOf(where)?.length ?? 0;
    const { maxLength = Number.POSITIVE_INFINITY } = nameRuleOf(Type) ?? {};
    if (length <= maxLength) return [];
    return [
      { where, problem: `In a stage of ${MAX_STAGE_LENGTH} letters its name has ${length}; ${maxLength} are allowed.` },
    ];
  });
};

/** Training, models and images are based on images of anybody, another stage's repository included. */
const READ_ANY_IMAGE = new Set([
  'ecr:BatchCheckLayerAvailability',
  'ecr:BatchGetImage',
  'ecr:DescribeImages',
  'ecr:GetDownloadUrlForLayer',
]);

/** What policies of this stack say of resources of another one. */
const shared = (template: Template, deployRole: Template, neighbor: string): Finding[] => {
  const stack = stackNameOf(template);
  const own = namesIn(template, stack);
  const deployer = namesIn(deployRole, `${stack}-deploy`, { Stack: stack });
  const theirs = arnsOf(asStack(template, neighbor), neighbor);

  const grants = (where: string, statements: readonly Statement[], names: Names): Finding[] => {
    const denied = statements.filter(isFlatDenial).flatMap(({ resources }) => patternsIn(resources, names));
    return statements
      .filter(({ effect, condition }) => effect === 'Allow' && !isBoundByTag(condition))
      .filter(({ actions }) => !actions.every((action) => READ_ANY_IMAGE.has(action)))
      .flatMap(({ resources }) => patternsIn(resources, names))
      .filter((pattern) => pattern !== '*') // check-policies.ts looks at these
      .flatMap((pattern) => {
        const arn = theirs.find((each) => matches(pattern, each) && !denied.some((denial) => matches(denial, each)));
        return arn ? [{ where, problem: `${pattern} is also ${arn}, of another stage.` }] : [];
      });
  };
  const callers = (where: string, sources: readonly unknown[]): Finding[] =>
    patternsIn(sources, own).flatMap((pattern) => {
      const arn = theirs.find((each) => matches(pattern, each));
      return arn ? [{ where, problem: `It takes calls of ${arn}, of another stage.` }] : [];
    });

  return [
    ...Object.entries(template.Resources).flatMap(([where, resource]) => [
      ...grants(where, grantsOf(resource), own),
      ...callers(where, sourcesOf(resource)),
    ]),
    ...Object.entries(deployRole.Resources).flatMap(([where, resource]) => grants(where, grantsOf(resource), deployer)),
  ];
};

const grantsOf = (resource: Resource): Statement[] => {
  if (resource.Type === 'AWS::IAM::Role') return statementsOf(resource);
  return resource.Type === 'AWS::IAM::ManagedPolicy' ? statementsIn(resource.Properties?.PolicyDocument) : [];
};

const sourcesOf = ({ Properties = {} }: Resource): unknown[] => {
  const { AssumeRolePolicyDocument, PolicyDocument, SourceArn } = Properties;
  const statements = [AssumeRolePolicyDocument, PolicyDocument].flatMap((each) => (each ? statementsIn(each) : []));
  return [
    ...listOf(SourceArn),
    ...statements
      .filter(({ effect }) => effect === 'Allow')
      .flatMap(({ condition }) => Object.values(condition).flatMap((tests) => listOf(tests['aws:SourceArn']))),
  ];
};

const isFlatDenial = ({ effect, actions, condition }: Statement): boolean =>
  effect === 'Deny' && actions.includes('*') && Object.keys(condition).length === 0;

/** By a tag with the stack's name or its bucket's, which no other stage's resources carry. */
const isBoundByTag = (condition: Statement['condition']): boolean =>
  Object.values(condition).some((tests) => Object.keys(tests).some((key) => key.startsWith('aws:ResourceTag/')));

const patternsIn = (values: readonly unknown[], { textOf }: Names): string[] =>
  values.flatMap(alternatives).flatMap((value) => textOf(value) ?? []);

/** The resources of a template, and what stands below some of them once they are used. */
const arnsOf = (template: Template, stack: string): string[] => {
  const { arnOf } = namesIn(template, stack);
  return Object.entries(template.Resources).flatMap(([id, { Type }]) => {
    const arn = arnOf(id);
    return arn === undefined ? [] : [arn, ...(BELOW[Type]?.(arn) ?? [])];
  });
};

const BELOW: Readonly<Record<string, (arn: string) => string[]>> = {
  'AWS::S3::Bucket': (arn) => [`${arn}/runs/flights/run-1/run.json`],
  'AWS::Logs::LogGroup': (arn) => [`${arn}:*`, `${arn}:log-stream:latest`],
  'AWS::Scheduler::ScheduleGroup': (arn) => [`${arn.replace(':schedule-group/', ':schedule/')}/nightly`],
  'AWS::StepFunctions::StateMachine': (arn) => [
    `${arn.replace(':stateMachine:', ':execution:')}:run-1`,
    `${arn.replace(':stateMachine:', ':execution:')}/Parts:run-1`,
    `${arn.replace(':stateMachine:', ':mapRun:')}/Parts:run-1`,
  ],
};

/** Compares by IAM's wildcards. */
const matches = (pattern: string, arn: string): boolean => {
  const text = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`).test(arn);
};
