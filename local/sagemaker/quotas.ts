import { AwsError } from '#local/http/aws-json.ts';

/** Refuses a request beyond an account limit, with the text that the service uses for it. */
export const checkQuota = (
  quotas: Readonly<Record<string, number>>,
  { name, used, wanted }: { readonly name: string; readonly used: number; readonly wanted: number },
): void => {
  const limit = quotas[name];
  if (limit === undefined || used + wanted <= limit) return;
  throw new AwsError(
    'ResourceLimitExceeded',
    `The account-level service limit '${name}' is ${limit} Instances, with current utilization of ${used} Instances and a ` +
      `request delta of ${wanted} Instances. Please contact AWS support to request an increase for this limit.`,
  );
};
