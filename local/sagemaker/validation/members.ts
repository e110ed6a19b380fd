import * as z from 'zod';

/**
 * Members that several requests share, with the constraints of SageMaker's service model
 * (botocore's `sagemaker/2017-07-24`), as listed in the API reference.
 */

/** Text of at most `max` characters. */
export const text = (max: number, min = 0) => z.string().min(min).max(max);

/** Text of at most `max` characters that matches a whole pattern, as the service model writes it. */
export const pattern = (max: number, source: string, min = 0) =>
  z
    .string()
    .min(min)
    .max(max)
    .regex(new RegExp(`^(?:${source})$`, 'u'));

/** One of some values; of the others that the real service knows, `refused` tells the caller why they are not answered. */
export const oneOf = <const V extends readonly [string, ...string[]]>(
  values: V,
  refused: Readonly<Record<string, string>>,
) =>
  z
    .string()
    .superRefine((value, context) => {
      if (values.includes(value)) return;
      const known = [...values, ...Object.keys(refused)].join(', ');
      const message = refused[value] ?? `Member must satisfy enum value set: [${known}]`;
      context.addIssue({ code: 'custom', input: value, message });
    })
    .transform((value) => value as V[number]);

/** A map of text to text with at most `maxCount` entries. */
export const textMap = (maxCount: number, key: z.ZodType<string, string>, value: z.ZodType<string, string>) =>
  z.record(key, value).superRefine((map, context) => {
    if (Object.keys(map).length <= maxCount) return;
    context.addIssue({
      code: 'custom',
      input: map,
      message: `Member must have length less than or equal to ${maxCount}`,
    });
  });

/** Accepted and given back by Describe, without an effect on a laptop. */
export const echoed = z.unknown();

export const JobName = pattern(63, '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}', 1);
export const EntityName = pattern(63, '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}', 1);
export const ModelName = pattern(63, '[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?', 1);
export const VariantName = EntityName;
export const RoleArn = pattern(2048, 'arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+', 20);
export const S3Uri = pattern(1024, '(https|s3)://([^/]+)/?(.*)');
/** The laptop reads `s3://` only. */
export const S3ObjectUri = pattern(1024, 's3://([^/]+)/?(.*)');
/** The form of them only: which ones there are changes from month to month. */
export const InstanceType = pattern(64, 'ml\\.[a-z0-9\\-]+\\.[a-z0-9\\-]+', 1);
export const Image = pattern(255, '[\\S]+', 1);

const TAG_CHARACTERS = '([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)';
export const TagKey = pattern(128, TAG_CHARACTERS, 1);
export const Tags = z.array(z.strictObject({ Key: TagKey, Value: pattern(256, TAG_CHARACTERS) })).max(50);
export type Tags = z.infer<typeof Tags>;

export const ContainerEnvironment = textMap(100, pattern(1024, '[a-zA-Z_][a-zA-Z0-9_]*'), text(1024));

export const VpcConfig = z.strictObject({
  SecurityGroupIds: z.array(text(32)).min(1).max(5),
  Subnets: z.array(text(32)).min(1).max(16),
});

/** Paging and time filters that all List operations share. */
export const listing = <const S extends readonly [string, ...string[]]>(sortKeys: S) => ({
  MaxResults: z.int().min(1).max(100).optional(),
  NextToken: text(8192).optional(),
  SortBy: z.enum(sortKeys).optional(),
  SortOrder: z.enum(['Ascending', 'Descending']).optional(),
  NameContains: text(63).optional(),
  CreationTimeAfter: z.number().optional(),
  CreationTimeBefore: z.number().optional(),
  LastModifiedTimeAfter: z.number().optional(),
  LastModifiedTimeBefore: z.number().optional(),
});
