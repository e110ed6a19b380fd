import { type Finding, listOf, resourcesOf, type Template, targetOf } from './template.ts';

/** A cold start, and one call that is tried three times, as AWS's clients do. */
const MIN_TIMEOUT_SECONDS = 10;

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_TIMEOUT_SECONDS = 900;

/** Below it the CPU that comes with the memory makes a cold start take seconds. */
const MIN_MEMORY_MB = 512;

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const MAX_INTEGRATION_MS = 30_000;

/** What the warehouse may take for an answer before a query is given up; its function must be there to hear it. */
const MIN_WAREHOUSE_SECONDS = 120;

/** Looks at functions' time, memory and concurrency, and at what happens to events that they fail on. */
export const checkLimits = (template: Template): Finding[] => [
  ...resourcesOf(template, 'AWS::Lambda::Function').flatMap(([where, properties]) =>
    ofFunction(properties).map((problem) => ({ where, problem })),
  ),
  ...ofIntegrations(template),
  ...ofAsynchronousCalls(template),
];

const ofFunction = (properties: Record<string, unknown>): string[] => {
  const { Timeout, MemorySize, Runtime, ReservedConcurrentExecutions, VpcConfig } = properties;
  const timeout = Number(Timeout ?? 3);
  const least = VpcConfig ? MIN_WAREHOUSE_SECONDS : MIN_TIMEOUT_SECONDS;
  return [
    ...(timeout >= least
      ? []
      : [`It gives up after ${timeout} s; ${least} are needed for a cold start and its slowest call.`]),
    ...(timeout <= MAX_TIMEOUT_SECONDS ? [] : [`It may run for ${timeout} s; Lambda takes ${MAX_TIMEOUT_SECONDS}.`]),
    ...(Number(MemorySize ?? 128) >= MIN_MEMORY_MB
      ? []
      : [`It has ${MemorySize ?? 128} MB; give it ${MIN_MEMORY_MB}.`]),
    ...(Runtime === 'nodejs24.x' ? [] : [`It runs on ${Runtime}, and is built for nodejs24.x.`]),
    ...(ReservedConcurrentExecutions === undefined
      ? []
      : ["It reserves concurrency, which is taken from the account's; new accounts have 10."]),
  ];
};

const ofIntegrations = (template: Template): Finding[] =>
  resourcesOf(template, 'AWS::ApiGatewayV2::Integration').flatMap(([where, properties]) => {
    const { IntegrationUri, TimeoutInMillis = MAX_INTEGRATION_MS, PayloadFormatVersion } = properties;
    const target = targetOf(IntegrationUri);
    const timeoutMs = 1000 * Number(template.Resources[target ?? '']?.Properties?.Timeout ?? 3);
    return [
      ...(Number(TimeoutInMillis) <= MAX_INTEGRATION_MS
        ? []
        : [{ where, problem: `API Gateway gives up after ${MAX_INTEGRATION_MS} ms.` }]),
      ...(timeoutMs < Number(TimeoutInMillis)
        ? []
        : [
            {
              where,
              problem: `API Gateway gives up after ${TimeoutInMillis} ms, and ${target} runs up to ${timeoutMs} ms.`,
            },
          ]),
      ...(PayloadFormatVersion === '2.0' ? [] : [{ where, problem: 'The handlers read the payload format 2.0.' }]),
    ];
  });

/** A function that only hears of an event once must leave it somewhere when it fails; one that also comes by itself needn't. */
const ofAsynchronousCalls = (template: Template): Finding[] => {
  const kept = new Set(
    resourcesOf(template, 'AWS::Lambda::EventInvokeConfig')
      .filter(([, { DestinationConfig }]) =>
        targetOf((DestinationConfig as { OnFailure?: { Destination?: unknown } } | undefined)?.OnFailure?.Destination),
      )
      .map(([, { FunctionName }]) => targetOf(FunctionName)),
  );
  const rules = resourcesOf(template, 'AWS::Events::Rule');
  const targetsOf = (selected: typeof rules) =>
    selected.flatMap(([, { Targets }]) => listOf(Targets as { Arn: unknown }[]).map(({ Arn }) => targetOf(Arn)));
  const regular = new Set(targetsOf(rules.filter(([, { ScheduleExpression }]) => ScheduleExpression !== undefined)));
  const heard = [
    ...targetsOf(rules.filter(([, { EventPattern }]) => EventPattern !== undefined)),
    ...resourcesOf(template, 'AWS::Scheduler::Schedule').map(([, { Target }]) =>
      targetOf((Target as { Arn: unknown }).Arn),
    ),
  ];
  return [...new Set(heard)]
    .filter((id): id is string => template.Resources[id ?? '']?.Type === 'AWS::Lambda::Function')
    .filter((id) => !regular.has(id) && !kept.has(id))
    .map((where) => ({ where, problem: 'An event that it fails on is lost; give it an OnFailure destination.' }));
};
