import { GetAccountSettingsCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { paginateListServiceQuotas, type ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { capacity } from '#shared/sagemaker/endpoint.ts';
import { examine, type Finding, ok, problem, warning } from './finding.ts';

/** What one pipeline takes of a quota while it runs. */
interface Use {
  /** The quota's name in Service Quotas; what it must match where AWS words it differently by region. */
  readonly quota: string | RegExp;
  readonly amount: number;
  readonly pipeline: string;
}

/** What the pipelines take of the account's quotas, each run by itself. New accounts have 0 of many. */
export const quotaFindings = async (
  { quotas, lambda }: { readonly quotas: ServiceQuotasClient; readonly lambda: LambdaClient },
  pipelines: readonly PipelineDefinition[],
): Promise<Finding[]> => [await concurrencyFinding(lambda, pipelines), ...(await sageMakerFindings(quotas, pipelines))];

/** Functions that answer events, requests and schedules while a run extracts its rows. */
const OTHER_FUNCTIONS = 5;

const concurrencyFinding = (lambda: LambdaClient, pipelines: readonly PipelineDefinition[]): Promise<Finding> => {
  const subject = 'quota of concurrent Lambda executions';
  return examine(subject, 'Let this identity call lambda:GetAccountSettings.', async () => {
    const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
    const limit = AccountLimit?.ConcurrentExecutions ?? 0;
    const needed = Math.max(0, ...pipelines.map(({ source }) => source.maxConnections)) + OTHER_FUNCTIONS;
    if (limit >= needed) return ok(subject, `${limit}`);
    return problem(
      subject,
      `it is ${limit}, and a run takes up to ${needed}`,
      'Ask for more in Service Quotas (Lambda), or lower source.maxConnections.',
    );
  });
};

const sageMakerFindings = async (
  quotas: ServiceQuotasClient,
  pipelines: readonly PipelineDefinition[],
): Promise<Finding[]> => {
  const limits = new Map<string, number>();
  const asked = await examine(
    'quotas of SageMaker',
    'Let this identity call servicequotas:ListServiceQuotas.',
    async () => {
      for await (const { Quotas = [] } of paginateListServiceQuotas({ client: quotas }, { ServiceCode: 'sagemaker' })) {
        for (const { QuotaName, Value } of Quotas) if (QuotaName !== undefined) limits.set(QuotaName, Value ?? 0);
      }
      return `${limits.size} were read`;
    },
  );
  if (asked.status === 'problem') return [asked];
  return pipelines.flatMap(usesOf).map((use) => quotaFinding(use, limits));
};

const usesOf = ({ name: pipeline, training, deployment, prediction }: PipelineDefinition): Use[] => {
  const uses: Omit<Use, 'pipeline'>[] = [
    {
      quota: `${training.instanceType} for ${training.spot ? 'spot training' : 'training'} job usage`,
      amount: training.instanceCount,
    },
  ];
  if (deployment.target === 'sagemaker') {
    const variant = capacity(deployment);
    uses.push(
      'ServerlessConfig' in variant
        ? { quota: SERVERLESS_CONCURRENCY, amount: variant.ServerlessConfig.MaxConcurrency }
        : { quota: `${variant.InstanceType} for endpoint usage`, amount: variant.InitialInstanceCount },
    );
  }
  if (prediction?.method === 'transform') {
    const { type, count } = prediction.instances;
    uses.push({ quota: `${type} for transform job usage`, amount: count });
  }
  return uses.map((use) => ({ ...use, pipeline }));
};

const SERVERLESS_CONCURRENCY = /total concurren.*serverless endpoints/i;

const quotaFinding = ({ quota, amount, pipeline }: Use, limits: ReadonlyMap<string, number>): Finding => {
  const name = typeof quota === 'string' ? quota : ([...limits.keys()].find((each) => quota.test(each)) ?? WORDING);
  const subject = `quota "${name}" of ${pipeline}`;
  const limit = limits.get(name);
  if (limit === undefined) {
    return warning(subject, 'Service Quotas doesn’t list it', `Look it up there; ${pipeline} takes ${amount}.`);
  }
  if (limit >= amount) return ok(subject, `${limit}`);
  return problem(
    subject,
    `it is ${limit}, and a run takes ${amount}`,
    'Ask for more in Service Quotas (Amazon SageMaker), or name another instance type or number in pipeline.yml.',
  );
};

const WORDING = 'total concurrency of serverless endpoints';
