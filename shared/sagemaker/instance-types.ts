import { z } from 'zod';
import { didYouMean } from '#shared/nearest-names.ts';
import instanceTypes from '#shared/sagemaker/instance-types.json' with { type: 'json' };

/** What an instance is for. SageMaker has other types for each: `ml.t2.medium` serves, and neither trains nor transforms. */
export type InstancePurpose = 'training' | 'endpoint' | 'transform';

/** The type of an instance that SageMaker has for the purpose. */
export const instanceTypeFor = (purpose: InstancePurpose) =>
  z
    .string()
    .regex(FORM, 'must be a SageMaker instance type such as ml.m5.large')
    .superRefine((type, context) => {
      const message = unknownTypeProblem(type, purpose);
      if (message) context.addIssue({ code: 'custom', message });
    });

const FORM = /^ml\.[a-z0-9-]+\.[a-z0-9-]+$/;

const unknownTypeProblem = (type: string, purpose: InstancePurpose): string | undefined => {
  const known: readonly string[] = instanceTypes[purpose];
  if (known.includes(type) || !FORM.test(type)) return undefined;
  return `${type} is not an instance type that SageMaker has for ${PURPOSES[purpose]}.${didYouMean(type, known)}`;
};

const PURPOSES: Readonly<Record<InstancePurpose, string>> = {
  training: 'training jobs',
  endpoint: 'endpoints',
  transform: 'transform jobs',
};

/**
 * Families whose instances bring a disk that their own hardware encrypts: SageMaker takes no key for them.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/InstanceStorage.html#instance-store-volumes
 */
const WITH_LOCAL_STORAGE = /^ml\.([cmr]\d+[agi]*d|g4dn|g[5-9]e?|p3dn|p4de?|p5(e|en)?|p6[\w-]*|dl1|trn\d+n?)\./;

/** Whether an instance type has a disk that can't be encrypted by a key of one's own. */
export const hasLocalStorage = (type: string): boolean => WITH_LOCAL_STORAGE.test(type);
