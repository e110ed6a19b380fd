import type { Definition } from './machine-actions.ts';
import { ANY, type Need, need, resourceTexts } from './needs.ts';
import type { StackNames } from './stack-names.ts';
import { resourcesOf, type Template, targetOf } from './template.ts';

/** What a function's own code can do, and what the template says of it. */
export interface Subject {
  readonly id: string;
  readonly commands: readonly string[];
  readonly actions: ReadonlySet<string>;
  readonly storeCalls: readonly string[];
  readonly members: ReadonlySet<string>;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly template: Template;
  readonly names: StackNames;
}

const REQUEST_TAG = 'StringEquals aws:RequestTag/fedml:store = Ref Bucket';
const RESOURCE_TAG = 'StringEquals aws:ResourceTag/fedml:store = Ref Bucket';
const PASSED_TO = 'StringEquals iam:PassedToService = sagemaker.amazonaws.com';

/**
 * An action of the code, with its resources and condition.
 *
 * @throws TypeError for an action that has no rule yet.
 */
export const resourceNeed = (action: string, subject: Subject): Need[] => {
  const rule = RULES[action] ?? RULES[action.replace(/:.*/, ':')];
  if (!rule) throw new TypeError(`action-rules.ts doesn't know on what ${action} is needed. Add it there.`);
  return rule(action, subject);
};

type Rule = (action: string, subject: Subject) => Need[];

const on =
  (resources: (subject: Subject) => readonly string[], condition = ''): Rule =>
  (action, subject) => [need(action, resources(subject), condition)];

const sageMaker =
  (kinds: readonly string[], condition = ''): Rule =>
  (action, { names }) => [need(action, kinds.map(names.sageMaker), condition)];

/** The kinds of resources that SageMaker's calls name. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html */
const TAGGED_KINDS: Readonly<Record<string, readonly string[]>> = {
  'sagemaker:CreateTrainingJob': ['training-job'],
  'sagemaker:CreateTransformJob': ['transform-job'],
  'sagemaker:CreateModel': ['model'],
  'sagemaker:CreateEndpointConfig': ['endpoint-config'],
  'sagemaker:CreateEndpoint': ['endpoint', 'endpoint-config'],
  'sagemaker:CreateModelPackageGroup': ['model-package-group'],
};

const ownImages = on(() => ['ModelRepository.Arn']);

/** Base images lie in accounts of AWS, or elsewhere in one's own. */
const imagesRead = on(({ members, actions }) =>
  members.has('Registries.registryOf') || actions.has('sagemaker:CreateModelPackage')
    ? ['arn:${AWS::Partition}:ecr:*:*:repository/*']
    : ['ModelRepository.Arn'],
);

/** Who looks at the maps of runs follows executions of the machines that have some; others only those of `pipeline`. */
const followsMaps = ({ commands }: Subject): boolean =>
  commands.some((command) => command.endsWith('ListMapRunsCommand'));

const answers = on((subject) => machinesAnswered(subject).map(subject.names.machine));

const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(Object.entries(TAGGED_KINDS).map(([action, kinds]) => [action, sageMaker(kinds, REQUEST_TAG)])),
  'sagemaker:AddTags': (action, { actions, names }) => {
    const kinds = [...actions].flatMap((each) => TAGGED_KINDS[each]?.[0] ?? []);
    return [need(action, kinds.map(names.sageMaker), REQUEST_TAG)];
  },
  'sagemaker:CreateModelPackage': sageMaker(['model-package-group', 'model-package']),
  'sagemaker:DescribeTrainingJob': sageMaker(['training-job']),
  'sagemaker:DescribeTransformJob': sageMaker(['transform-job']),
  'sagemaker:DescribeEndpoint': sageMaker(['endpoint']),
  'sagemaker:DescribeEndpointConfig': sageMaker(['endpoint-config']),
  'sagemaker:DescribeModelPackage': sageMaker(['model-package']),
  'sagemaker:UpdateEndpoint': sageMaker(['endpoint', 'endpoint-config'], RESOURCE_TAG),
  'sagemaker:DeleteEndpoint': sageMaker(['endpoint'], RESOURCE_TAG),
  'sagemaker:InvokeEndpoint': sageMaker(['endpoint'], RESOURCE_TAG),
  'sagemaker:StopTrainingJob': sageMaker(['training-job'], RESOURCE_TAG),
  'sagemaker:StopTransformJob': sageMaker(['transform-job'], RESOURCE_TAG),
  'iam:PassRole': on(
    ({ actions, variables }) => [
      ...(actions.has('sagemaker:CreateTrainingJob') ? resourceTexts(variables.FEDML_TRAINING_ROLE_ARN) : []),
      ...(actions.has('sagemaker:CreateModel') ? resourceTexts(variables.FEDML_MODEL_ROLE_ARN) : []),
    ],
    PASSED_TO,
  ),
  'logs:': on(() => ['arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/sagemaker/*']),
  'events:PutEvents': on(() => ['EventBus.Arn']),
  'secretsmanager:GetSecretValue': on(({ members, variables }) =>
    Object.entries(SECRETS).flatMap(([member, variable]) =>
      members.has(member) ? resourceTexts(variables[variable]) : [],
    ),
  ),
  'states:SendTaskSuccess': answers,
  'states:SendTaskFailure': answers,
  'states:SendTaskHeartbeat': answers,
  'states:StartExecution': on(({ names }) => [names.machine('pipeline')]),
  'states:ListExecutions': on((subject) =>
    followsMaps(subject) ? subject.names.mapRuns : [subject.names.machine('pipeline')],
  ),
  'states:DescribeExecution': on((subject) =>
    followsMaps(subject) ? subject.names.executionsWithMaps : [subject.names.below('execution', 'pipeline:*')],
  ),
  'states:ListMapRuns': on(({ names }) => names.executionsWithMaps),
  'states:StopExecution': on(({ names }) => [names.below('execution', 'pipeline:*')]),
  'ecr:GetAuthorizationToken': on(() => ANY),
  'ecr:BatchGetImage': imagesRead,
  'ecr:DescribeImages': imagesRead,
  'ecr:GetDownloadUrlForLayer': imagesRead,
  'ecr:': ownImages,
};

/** The settings by which the code names a secret, and the variables that they come from. */
const SECRETS: Readonly<Record<string, string>> = {
  'Config.warehouseSecretArn': 'FEDML_WAREHOUSE_SECRET_ARN',
  'KymaSettings.kubeconfigSecretArn': 'FEDML_KYMA_KUBECONFIG_SECRET_ARN',
  'KymaSettings.clientSecretArn': 'FEDML_KYMA_CLIENT_SECRET_ARN',
};

/** The machines whose states a function answers: the one that hands it a task token, or for an event's function all that hand one out. */
const machinesAnswered = ({ id, template }: Subject): string[] => {
  const waits = resourcesOf(template, 'AWS::StepFunctions::StateMachine').map(([, properties]) => ({
    name: String(properties.StateMachineName).split('-').at(-1)!,
    functions: waitedFor(properties.Definition as Definition, properties.DefinitionSubstitutions),
  }));
  const handing = waits.filter(({ functions }) => functions.includes(id));
  return (handing.length > 0 ? handing : waits.filter(({ functions }) => functions.length > 0)).map(({ name }) => name);
};

const waitedFor = (definition: Definition, substitutions: unknown): string[] => {
  const text = JSON.stringify(definition);
  return [...text.matchAll(/waitForTaskToken","[^}]*?"FunctionName":"\$\{(\w+)\}"/g)].flatMap(
    ([, name]) => targetOf((substitutions as Record<string, unknown>)[name!]) ?? [],
  );
};
