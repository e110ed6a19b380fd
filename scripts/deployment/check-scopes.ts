import { type Names, namesIn } from './arns.ts';
import { type Statement, statementsOf } from './policies.ts';
import { alternatives, type Finding, resourcesOf, type Template, targetOf } from './template.ts';

/** Looks how far each statement of a role reaches: by names that no other stage has, or by the tag of the stage. */
export const checkScopes = (template: Template): Finding[] => {
  const names = namesIn(template, 'stack');
  const buckets = resourcesOf(template, 'AWS::S3::Bucket').map(([id]) => `${names.arnOf(id)}/*`);
  return resourcesOf(template, 'AWS::IAM::Role').flatMap(([where]) =>
    statementsOf(template.Resources[where]!)
      .filter(({ effect }) => effect === 'Allow')
      .flatMap((statement) => [
        ...tagless(where, statement),
        ...tooWide(where, statement, names, buckets),
        ...unconditional(where, statement),
      ]),
  );
};

/** What is allowed on more than it is meant for, but for a condition. */
const CONDITIONS: readonly { readonly action: string; readonly key: string }[] = [
  { action: 'cloudwatch:PutMetricData', key: 'cloudwatch:namespace' },
  { action: 'kms:CreateGrant', key: 'kms:GrantIsForAWSResource' },
];

const unconditional = (where: string, { actions, condition }: Statement): Finding[] =>
  CONDITIONS.filter(({ action }) => actions.includes(action))
    .filter(({ key }) => !Object.values(condition).some((tests) => Object.hasOwn(tests, key)))
    .map(({ action, key }) => ({ where, problem: `${action} needs the condition ${key}.` }));

/** The bucket's name, by which a stage tells what is its own: shared/sagemaker/tags.ts. */
const STAGE_TAG = 'fedml:store';

/** SageMaker's resources are the account's; a version of a model takes no tags, and its group has the stage in its name. */
const UNTAGGED = /^sagemaker:(Describe\w+|List\w+|CreateModelPackage)$/;

const tagless = (where: string, { actions, condition }: Statement): Finding[] => {
  const requested = (key: string): boolean => targetOf(condition.StringEquals?.[`${key}/${STAGE_TAG}`]) === 'Bucket';
  return actions
    .filter((action) => action.startsWith('sagemaker:') && !UNTAGGED.test(action))
    .map((action) => ({ action, key: /:(Create|AddTags)/.test(action) ? 'aws:RequestTag' : 'aws:ResourceTag' }))
    .filter(({ key }) => !requested(key))
    .map(({ action, key }) => ({
      where,
      problem: `${action} is for all stages of the account; add ${key}/${STAGE_TAG}.`,
    }));
};

/** The only wildcards in names, for what is named when a stage runs. `{A}` stands for region and account. */
const OPEN_NAMES: readonly RegExp[] = [
  /^arn:aws:s3:::[a-z0-9.-]+\/[\w-]+\/.*$/, // below a prefix of a bucket
  /^arn:aws:sagemaker:{A}:(training-job|transform-job|endpoint|endpoint-config|model|model-package|model-package-group)\/\*$/,
  /^arn:aws:states:{A}:(execution|mapRun):[\w-]+-[a-z]+[:/]\*$/,
  /^arn:aws:logs:{A}:log-group:\/aws\/(sagemaker\/(Endpoints\/)?\*|lambda\/[\w-]+:\*)$/,
  /^arn:aws:secretsmanager:{A}:secret:[\w/+=.@-]+-\?{6}$/,
];

/** Images of others that models and training are based on. */
const READS_IMAGES = /^ecr:((Batch)?(Get|Check)|DescribeImages$)/;
const OPEN_IMAGES = /^arn:aws:ecr:[*\w-]+:[*\d]+:repository\/\*$/;

/** The parameter adoptionBucket: models of training jobs from elsewhere, to be read. */
const OTHERS_BUCKET = /^arn:aws:s3:::[a-z0-9.-]+\/\*$/;

const tooWide = (
  where: string,
  { actions, resources }: Statement,
  { textOf }: Names,
  buckets: readonly string[],
): Finding[] =>
  resources
    .flatMap(alternatives)
    .flatMap((resource) => textOf(resource) ?? [])
    .filter((text) => text !== '*' && /[*?]/.test(text)) // check-policies.ts looks at `*`
    .filter((text) => !OPEN_NAMES.some((pattern) => pattern.test(asOwn(text))))
    .filter((text) => !(OPEN_IMAGES.test(text) && actions.every((action) => READS_IMAGES.test(action))))
    .filter(
      (text) =>
        buckets.includes(text) || !OTHERS_BUCKET.test(text) || actions.some((action) => action !== 's3:GetObject'),
    )
    .map((text) => ({ where, problem: `${actions.join(', ')} is allowed on ${text}; name what it is needed for.` }));

const asOwn = (text: string): string => text.replace('ap-southeast-1:123456789012', '{A}');
