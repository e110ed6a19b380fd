import { type AwsJsonService, serveAwsJson } from '#local/http/aws-json.ts';
import type { Iam } from '#local/iam/iam.ts';
import type { StandIn } from '#local/stand-in.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';

/** A service that the test plays, behind its real client. It lets everybody in: the test is of how its answers are taken. */
export const serveFake = (
  service: Pick<AwsJsonService, 'targetPrefix' | 'jsonVersion' | 'operations'>,
): Promise<StandIn> =>
  serveAwsJson({
    ...service,
    signingName: 'fake',
    iam: openToAll(),
    permissions: Object.fromEntries(Object.keys(service.operations).map((name) => [name, () => []])),
  });

const openToAll = (): Iam => {
  const iam = testIam();
  return { ...iam, authenticate: () => iam.callerOf(PERSON) };
};
