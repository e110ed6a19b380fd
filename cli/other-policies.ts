import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { DeployedPolicies } from '#local/iam/iam.ts';
import { UsageError } from './usage.ts';

const PolicyDocument = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(z.record(z.string(), z.unknown())),
});

const OtherPolicies = z.strictObject({
  roles: z
    .array(
      z.strictObject({
        arn: z.string().startsWith('arn:aws:iam::'),
        trust: PolicyDocument,
        policies: z.array(z.strictObject({ name: z.string(), document: PolicyDocument })),
      }),
    )
    .default([]),
  resourcePolicies: z.record(z.string().startsWith('arn:'), PolicyDocument).default({}),
});

/**
 * What others have in the local cloud's account beside the project, such as a notebook's role or the right of another team's
 * rule to call a function: the file that FEDML_LOCAL_POLICIES names.
 *
 * @throws UsageError for a file that can't be read or holds something else.
 */
export const otherPolicies = async (): Promise<DeployedPolicies | undefined> => {
  const file = process.env.FEDML_LOCAL_POLICIES;
  if (!file) return undefined;
  try {
    return OtherPolicies.parse(JSON.parse(await readFile(file, 'utf8'))) as DeployedPolicies;
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new UsageError(`FEDML_LOCAL_POLICIES names ${file}, which holds no policies: ${reason}`, { cause: error });
  }
};
