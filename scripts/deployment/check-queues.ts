import { type Finding, resourcesOf, type Template, targetOf } from './template.ts';

/** SQS's longest: who looks after a stage gets two weeks to notice. */
const FORTNIGHT_SECONDS = 1_209_600;

/** Looks at queues: whether they are encrypted, and keep dead letters for as long as they can. */
export const checkQueues = (template: Template): Finding[] => {
  const dead = deadLetterQueues(template);
  return [
    ...resourcesOf(template, 'AWS::SQS::Queue').flatMap(([where, properties]) => {
      const { SqsManagedSseEnabled, KmsMasterKeyId, MessageRetentionPeriod } = properties;
      return [
        ...(String(SqsManagedSseEnabled) === 'true' || KmsMasterKeyId !== undefined
          ? []
          : [{ where, problem: "Its messages aren't encrypted; set SqsManagedSseEnabled." }]),
        ...(dead.has(where) && Number(MessageRetentionPeriod) !== FORTNIGHT_SECONDS
          ? [{ where, problem: `Dead letters are lost before anybody looks; keep them for ${FORTNIGHT_SECONDS} s.` }]
          : []),
      ];
    }),
    ...resourcesOf(template, 'AWS::Lambda::EventSourceMapping').flatMap(([where, { EventSourceArn, FunctionName }]) => {
      const queue = template.Resources[targetOf(EventSourceArn) ?? '']?.Properties ?? {};
      const timeout = Number(template.Resources[targetOf(FunctionName) ?? '']?.Properties?.Timeout);
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      return Number(queue.VisibilityTimeout ?? 30) >= 6 * timeout
        ? []
        : [
            {
              where,
              problem: `Messages come back while they are worked on; give the queue a VisibilityTimeout of ${6 * timeout} s.`,
            },
          ];
    }),
  ];
};

/** Where events go that no target took, and those whose function failed. */
export const deadLetterQueues = (template: Template): ReadonlySet<string> => {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { DeadLetterConfig, OnFailure } = node as Record<
      string,
      { Arn?: unknown; Destination?: unknown } | undefined
    >;
    for (const target of [DeadLetterConfig?.Arn, OnFailure?.Destination].map(targetOf)) if (target) found.add(target);
    Object.values(node).forEach(visit);
  };
  visit(template.Resources);
  return found;
};
