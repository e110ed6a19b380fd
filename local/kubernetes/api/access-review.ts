import { z } from 'zod';
import { badRequest } from './status-error.ts';
import type { User } from './users.ts';

export const REVIEWS_PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** As far as our users have rights: they have none on single objects. */
const Review = z.object({
  spec: z.strictObject({
    resourceAttributes: z.strictObject({
      verb: z.string(),
      group: z.string().default(''),
      resource: z.string(),
      subresource: z.string().optional(),
      namespace: z.string().optional(),
    }),
  }),
});

/** Answers a SelfSubjectAccessReview: whether the user may do it. Everybody who is known may ask. */
export const accessReview = (user: User, body: string): unknown => {
  const review = Review.safeParse(parse(body));
  if (!review.success) throw badRequest(`SelfSubjectAccessReview: ${z.prettifyError(review.error)}`);
  const { verb, group, resource, subresource, namespace } = review.data.spec.resourceAttributes;
  const right = { verb, group, resource: subresource ? `${resource}/${subresource}` : resource, namespace };
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec: review.data.spec,
    status: { allowed: user.allows(right) },
  };
};

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    throw badRequest('the body is not JSON');
  }
};
