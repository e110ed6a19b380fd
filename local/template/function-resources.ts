import { refuseUnknownKeys, TemplateError } from './errors.ts';
import { eventInvokeConfigLogicalId, functionLogicalId, logGroupLogicalId } from './logical-ids.ts';
import { defined } from './merge.ts';
import type { FunctionEntry, Provider, Resource, Service } from './service.ts';

const KNOWN_PROPERTIES = [
  ...['name', 'role', 'handler', 'timeout', 'memorySize', 'events', 'environment', 'package', 'vpc'],
  ...['ephemeralStorageSize', 'reservedConcurrency', 'destinations'],
];

/** What Serverless makes of the functions: each with its log group and, where its failures go somewhere, where to. */
export const functionResources = (
  { functions, provider }: Service,
  propertiesOfPlugins: readonly string[],
): Record<string, Resource> =>
  Object.fromEntries(
    Object.entries(functions).flatMap(([key, entry]) => {
      refuseUnknownKeys(entry, [...KNOWN_PROPERTIES, ...propertiesOfPlugins], `The function ${key}`);
      if (entry.role === undefined) throw new TemplateError(`The function ${key} has no role of its own.`);
      return [
        [logGroupLogicalId(key), logGroup(`/aws/lambda/${entry.name}`, provider)],
        [functionLogicalId(key), functionResource(entry, provider)],
        ...(entry.destinations ? [[eventInvokeConfigLogicalId(key), eventInvokeConfig(key, entry)]] : []),
      ];
    }),
  );

export const logGroup = (LogGroupName: string, { logRetentionInDays }: Provider): Resource => ({
  Type: 'AWS::Logs::LogGroup',
  Properties: defined({ LogGroupName, RetentionInDays: logRetentionInDays }),
});

const functionResource = (entry: FunctionEntry, provider: Provider): Resource => ({
  Type: 'AWS::Lambda::Function',
  Properties: defined({
    Handler: entry.handler,
    Runtime: provider.runtime,
    FunctionName: entry.name,
    MemorySize: entry.memorySize,
    Timeout: entry.timeout,
    Architectures: provider.architecture && [provider.architecture],
    Tags: provider.tags && Object.entries(provider.tags).map(([Key, Value]) => ({ Key, Value })),
    TracingConfig: provider.tracing?.lambda ? { Mode: 'Active' } : undefined,
    EphemeralStorage: entry.ephemeralStorageSize && { Size: entry.ephemeralStorageSize },
    ReservedConcurrentExecutions: entry.reservedConcurrency,
    Environment: { Variables: { ...provider.environment, ...entry.environment } },
    Role: { 'Fn::GetAtt': [entry.role, 'Arn'] },
    VpcConfig: entry.vpc ? { SecurityGroupIds: entry.vpc.securityGroupIds, SubnetIds: entry.vpc.subnetIds } : undefined,
  }),
});

const eventInvokeConfig = (key: string, { destinations }: FunctionEntry): Resource => {
  refuseUnknownKeys(destinations!, ['onFailure'], `The destinations of the function ${key}`);
  return {
    Type: 'AWS::Lambda::EventInvokeConfig',
    Properties: {
      FunctionName: { Ref: functionLogicalId(key) },
      DestinationConfig: { OnFailure: { Destination: destinations!.onFailure.arn } },
      Qualifier: '$LATEST',
    },
  };
};
