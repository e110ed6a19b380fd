import { join } from 'node:path';
import type { CloudAddress } from '#local/cloud-file.ts';
import { startHttpApi } from '#local/http-api/http-api.ts';
import { openIssuer } from '#local/http-api/issuer.ts';
import { keepSchedules } from '#local/scheduler/keep-schedules.ts';
import type { ScheduleTarget } from '#local/scheduler/schedule-target.ts';
import type { Scheduler } from '#local/scheduler/scheduler.ts';
import { LOCAL_ACCOUNT as account } from '#local/stand-in.ts';
import type { Deployment } from '#local/template/deployment.ts';
import type { CloudOptions } from './options.ts';
import type { Services } from './services.ts';

export interface Triggers {
  readonly api: CloudAddress['api'];
  readonly upcoming: Scheduler['upcoming'];
}

/** Opens what starts runs from outside, once everything that a run needs is there: the HTTP API and, if wanted, schedules. */
export const startTriggers = async (
  { iam, deployment, lambda }: Services,
  { stateDir, pipelinesDir, isKept = false, onProgress = () => {} }: CloudOptions,
  open: AsyncDisposableStack,
): Promise<Triggers> => {
  const issuer = await openIssuer();
  const { id: apiId, routes } = deployment.httpApi!;
  const server = await startHttpApi({ routes, issuer, iam, account, apiId, lambdaUrl: lambda.url });
  open.defer(() => server.close());
  const api = { url: server.url, token: await issuer.sign() };
  if (!isKept) return { api, upcoming: () => [] };
  const scheduler = await keepSchedules({
    pipelinesDir,
    file: join(stateDir, 'scheduler', 'schedules.json'),
    account,
    iam,
    target: scheduleTarget(deployment),
    lambda: lambda.url,
    queuesDir: join(stateDir, 'scheduler', 'queues'),
    onProblem: onProgress,
  });
  open.defer(() => scheduler.close());
  return { api, upcoming: scheduler.upcoming };
};

/** What the pipelines' schedules have in common, by its logical ids in `functions/events/schedules.yml`. */
const scheduleTarget = ({ arns }: Deployment): ScheduleTarget => ({
  functionArn: arns.StartTriggeredRunLambdaFunction!,
  groupArn: arns.ScheduleGroup!,
  roleArn: arns.SchedulesRole!,
  deadLetterArn: arns.SchedulesDeadLetterQueue!,
});
