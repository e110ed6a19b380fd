import type { Finding } from './template.ts';

/** Events of other accounts come over a bus that was opened to them, or are forged; none of them is meant. */
export const checkPattern = (where: string, pattern: unknown, bus: string | undefined): Finding[] => {
  if (pattern === undefined) return [];
  const { account, source = [], 'detail-type': types = [], detail = {} } = pattern as Pattern;
  const own = JSON.stringify(account) === JSON.stringify([{ Ref: 'AWS::AccountId' }]);
  const deaf = types.flatMap((type) => {
    const { field = '', values = [] } = HEARD[type] ?? {};
    return values.filter((value) => !detail[field]?.includes(value)).map((value) => `${field} ${value}`);
  });
  return [
    ...(own ? [] : [{ where, problem: 'It takes events of other accounts; say account: [!Ref AWS::AccountId].' }]),
    ...(source.length > 0 && types.length > 0
      ? []
      : [{ where, problem: 'It takes events of any source or type; name both.' }]),
    // AWS's services are on the default bus, the project on its own.
    ...(source.some((each) => each.startsWith('aws.') !== (bus === undefined))
      ? [{ where, problem: `It waits for ${source.join(', ')} on the wrong bus.` }]
      : []),
    ...deaf.map((each) => ({ where, problem: `It doesn't hear of ${each}.` })),
  ];
};

/** What ends a wait, or a run, and the values that must be heard of: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html */
const HEARD: Readonly<Record<string, { readonly field: string; readonly values: readonly string[] }>> = {
  'SageMaker Training Job State Change': { field: 'TrainingJobStatus', values: ['Completed', 'Failed', 'Stopped'] },
  'SageMaker Transform Job State Change': { field: 'TransformJobStatus', values: ['Completed', 'Failed', 'Stopped'] },
  'SageMaker Endpoint State Change': {
    field: 'EndpointStatus',
    values: ['IN_SERVICE', 'FAILED', 'OUT_OF_SERVICE', 'UPDATE_ROLLBACK_FAILED'],
  },
  'SageMaker Model Package State Change': { field: 'ModelApprovalStatus', values: ['Approved', 'Rejected'] },
};

interface Pattern {
  readonly account?: unknown;
  readonly source?: readonly string[];
  readonly 'detail-type'?: readonly string[];
  readonly detail?: Readonly<Record<string, readonly string[]>>;
}
