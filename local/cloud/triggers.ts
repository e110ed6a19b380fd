import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { CloudAddress } from '#local/cloud-file.ts';
import { startHttpApi } from '#local/http-api/http-api.ts';
import { keepSchedules } from '#local/scheduler/keep-schedules.ts';
import type { Scheduler } from '#local/scheduler/scheduler.ts';
import { LOCAL_ACCOUNT as account } from '#local/stand-in.ts';
import type { CloudOptions } from './options.ts';
import type { Services } from './services.ts';
import { sdk } from './settings.ts';

export interface Triggers {
  readonly api: CloudAddress['api'];
  readonly upcoming: Scheduler['upcoming'];
}

/** Opens what starts runs from outside, once everything that a run needs is there: the HTTP API and, if wanted, schedules. */
export const startTriggers = async (
  services: Services,
  { stateDir, pipelinesDir, isKept = false, onProgress = () => {} }: CloudOptions,
  open: AsyncDisposableStack,
): Promise<Triggers> => {
  const lambda = new LambdaClient({ ...sdk(services.iam.personKeys), endpoint: services.lambda.url });
  const token = randomBytes(24).toString('base64url');
  const api = await startHttpApi({ routes: services.deployment.httpApi?.routes ?? [], lambda, account, token });
  open.defer(() => api.close());
  if (!isKept) return { api: { url: api.url, token }, upcoming: () => [] };
  const file = join(stateDir, 'scheduler', 'schedules.json');
  const scheduler = await keepSchedules({ pipelinesDir, file, lambda, onProblem: onProgress });
  open.defer(() => scheduler.close());
  return { api: { url: api.url, token }, upcoming: scheduler.upcoming };
};
