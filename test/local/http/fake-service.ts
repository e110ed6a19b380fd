import { type AwsJsonService, serveAwsJson } from '#local/http/aws-json.ts';
import type { StandIn } from '#local/stand-in.ts';
import { testIam } from '#test/local/iam/test-iam.ts';

/** A service of the test, behind its real client: whoever signs may call every operation. */
export const serveFake = (
  service: Pick<AwsJsonService, 'targetPrefix' | 'jsonVersion' | 'operations'>,
): Promise<StandIn> =>
  serveAwsJson({
    ...service,
    signingName: SIGNING_NAMES[service.targetPrefix]!,
    iam: testIam(),
    permissions: Object.fromEntries(Object.keys(service.operations).map((name) => [name, () => []])),
  });

const SIGNING_NAMES: Readonly<Record<string, string>> = {
  AWSEvents: 'events',
  Logs_20140328: 'logs',
  SageMaker: 'sagemaker',
};
