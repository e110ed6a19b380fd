import { z } from 'zod';

/**
 * Fields of SageMaker's requests that `pipeline.yml` fills in, by the patterns and limits of its service model. SageMaker
 * itself names them only after rows were read, or after a model was trained.
 */

/** Tag: `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`. Names that begin with `aws:` are AWS's own, and the project's begin with `fedml:`. */
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

const TAG_RULE = 'may have letters, digits, spaces and _ . : / = + - @ only';

const TagName = z
  .string()
  .min(1)
  .max(128)
  .regex(TAG_TEXT, TAG_RULE)
  .refine(
    (name) => !/^(aws|fedml):/i.test(name),
    'begins with aws: or fedml:, which AWS and this project keep for themselves',
  );

/** A resource has 50 tags at most, three of which lead back to the run. */
const MAX_OWN_TAGS = 47;

export const Tags = z
  .record(TagName, z.string().max(256).regex(TAG_TEXT, TAG_RULE))
  .refine((tags) => Object.keys(tags).length <= MAX_OWN_TAGS, `has more than ${MAX_OWN_TAGS} tags`);

const VARIABLE_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Environment variables of a container, with the limits of the request that they go into. */
export const environmentWithin = (limits: { readonly name: number; readonly value: number; readonly count: number }) =>
  z
    .record(
      z
        .string()
        .max(limits.name)
        .regex(VARIABLE_NAME, 'must have letters, digits and underscores only, and not begin with a digit'),
      z.string().max(limits.value),
    )
    .refine((variables) => Object.keys(variables).length <= limits.count, `has more than ${limits.count} variables`);

/** CreateTrainingJob. */
export const TRAINING_ENVIRONMENT = { name: 512, value: 512, count: 100 };

/** CreateModel takes 100, of which the containers need five for themselves. */
export const MODEL_ENVIRONMENT = { name: 1024, value: 1024, count: 95 };

/** VpcConfig: ids of EC2, up to 16 subnets and 5 security groups. */
const resourceIds = (prefix: string, most: number) =>
  z
    .array(
      z
        .string()
        .max(32)
        .regex(new RegExp(`^${prefix}-[0-9a-f]+$`), `must be an id such as ${prefix}-0123456789abcdef0`),
    )
    .min(1)
    .max(most)
    .refine((ids) => new Set(ids).size === ids.length, 'names one of them twice');

export const VpcConfig = z.strictObject({ subnets: resourceIds('subnet', 16), securityGroupIds: resourceIds('sg', 5) });

const KEY_ID = '(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})';
const ALIAS = 'alias/[a-zA-Z0-9:/_-]+';

/** KmsKeyId, in the four forms of KMS: id, ARN, alias, ARN of an alias. */
export const KmsKeyId = z
  .string()
  .max(2048)
  .regex(
    new RegExp(`^(${KEY_ID}|${ALIAS}|arn:aws[a-z-]*:kms:[a-z0-9-]+:\\d{12}:(key/${KEY_ID}|${ALIAS}))$`),
    'must be the id or ARN of a KMS key, or an alias such as alias/fedml',
  );

/** TrainingImage and Image. */
export const ImageUri = z.string().min(1).max(255).regex(/^\S+$/, 'must be the URI of an image, without spaces');

/** MetricDefinition: `.+`, which ends at a line break. */
export const MetricName = z.string().min(1).max(255).regex(/^.+$/, 'must be one line');
