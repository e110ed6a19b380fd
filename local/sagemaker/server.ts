import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogFiles } from '#local/cloudwatch-logs/log-files.ts';
import { awsJsonHandler } from '#local/http/aws-json.ts';
import { listen } from '#local/http/listen.ts';
import type { Iam } from '#local/iam/iam.ts';
import type { Account, StandIn } from '#local/stand-in.ts';
import { sageMakerPermissions } from './access/permissions.ts';
import { openRoles } from './access/roles.ts';
import type { Api } from './api.ts';
import { openBackground } from './background.ts';
import type { SageMakerContext, Settings } from './context.ts';
import { DEFAULT_SETTINGS } from './context.ts';
import { endpointConfigApi } from './endpoints/configs.ts';
import { endpointApi } from './endpoints/operations.ts';
import type { EventChaos, SageMakerEvent } from './events.ts';
import { announcer } from './events.ts';
import { modelApi } from './models.ts';
import { registryApi } from './registry/operations.ts';
import { removeFolder } from './remove-folder.ts';
import { isRuntimeRequest, runtimeHandler } from './runtime/handler.ts';
import { openCollection } from './store.ts';
import { tagOperations, tagStore } from './tags.ts';
import { trainingApi } from './training/operations.ts';
import { transformApi } from './transform/operations.ts';

export interface SageMakerOptions {
  /** Where records and the folders of running jobs are kept. */
  readonly dataDir: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  readonly account: Account;
  /** Says who calls, and what the roles of jobs and models may do. */
  readonly iam: Iam;
  /** The S3 that data, code and models are read from and written to. */
  readonly s3Endpoint: string;
  /** The interpreter for scripts and models; `pythonInterpreter` finds one. */
  readonly python: string;
  /** The logs of jobs and endpoints go here, in the groups `/aws/sagemaker/…`. */
  readonly logs: LogFiles;
  /** Takes each state change, as it would arrive on the default event bus. */
  readonly emit: (event: SageMakerEvent) => void;
  /** Hears what a role lacks without its job failing for it. */
  readonly onProblem?: (text: string) => void;
  readonly chaos?: EventChaos;
  readonly settings?: Partial<Settings>;
}

/**
 * The laptop's SageMaker. Training jobs run the user's script, endpoints and transform jobs serve the real model, in
 * child Pythons that end with this process, however it ends. Control plane and runtime share one port.
 *
 * Jobs that were running when an earlier process ended are failed now, with their event; endpoints come back.
 */
export const startSageMaker = async (options: SageMakerOptions): Promise<StandIn & { readonly runtimeUrl: string }> => {
  const { dataDir, account, iam, chaos = {}, onProblem = () => {} } = options;
  await removeFolder(join(dataDir, 'work'));
  await mkdir(join(dataDir, 'records'), { recursive: true });
  const background = openBackground();
  const context: SageMakerContext = {
    ...options,
    roles: openRoles({ ...options, onProblem }),
    tags: tagStore(openCollection(join(dataDir, 'records', 'tags'))),
    announce: announcer(account, options.emit, background, chaos),
    background,
    settings: { ...DEFAULT_SETTINGS, ...options.settings },
  };
  const registry = registryApi(context);
  const models = modelApi(context, registry.containerOf);
  const configs = endpointConfigApi(context, models.containerOf);
  const endpoints = endpointApi(context, { existingConfig: configs.existing, containerOf: models.containerOf });
  const apis: readonly Api[] = [
    trainingApi(context),
    registry,
    models,
    configs,
    endpoints,
    transformApi(context, models.containerOf),
  ];
  const control = awsJsonHandler({
    targetPrefix: 'SageMaker',
    jsonVersion: '1.1',
    signingName: 'sagemaker',
    iam,
    permissions: sageMakerPermissions(context),
    operations: Object.assign(
      {},
      ...apis.map(({ operations }) => operations),
      tagOperations(context.tags, (arn) => apis.some(({ exists }) => exists(arn))),
    ),
  });
  const runtime = runtimeHandler(context, iam, endpoints.serving);
  const { url, close } = await listen(
    (request, response) => (isRuntimeRequest(request) ? runtime : control)(request, response),
    options.port,
  );
  for (const api of apis) api.recover?.();
  return {
    url,
    runtimeUrl: url,
    async close() {
      await close();
      await background.close();
      context.roles.close();
      await removeFolder(join(dataDir, 'work'));
    },
  };
};
