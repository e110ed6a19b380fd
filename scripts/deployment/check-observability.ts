import { type Finding, resourcesOf, type Template, targetOf } from './template.ts';

/** Looks whether what happened can be told afterwards: traces, and logs without data in them. */
export const checkObservability = (template: Template): Finding[] => [
  ...resourcesOf(template, 'AWS::Lambda::Function')
    .filter(([, { TracingConfig }]) => (TracingConfig as { Mode?: unknown } | undefined)?.Mode !== 'Active')
    .map(([where]) => ({ where, problem: "It isn't traced; set TracingConfig.Mode to Active." })),
  ...resourcesOf(template, 'AWS::StepFunctions::StateMachine').flatMap(([where, properties]) =>
    ofMachine(template, properties).map((problem) => ({ where, problem })),
  ),
];

interface Logging {
  readonly Level?: unknown;
  readonly IncludeExecutionData?: unknown;
  readonly Destinations?: readonly { readonly CloudWatchLogsLogGroup?: { readonly LogGroupArn?: unknown } }[];
}

const ofMachine = ({ Resources }: Template, properties: Record<string, unknown>): string[] => {
  const { Level, IncludeExecutionData, Destinations } = (properties.LoggingConfiguration ?? {}) as Logging;
  const group = Resources[targetOf(Destinations?.[0]?.CloudWatchLogsLogGroup?.LogGroupArn) ?? ''];
  return [
    ...(String((properties.TracingConfiguration as { Enabled?: unknown } | undefined)?.Enabled) === 'true'
      ? []
      : ["It isn't traced; set TracingConfiguration.Enabled."]),
    ...(properties.StateMachineType === 'STANDARD'
      ? []
      : ['It must be STANDARD: an EXPRESS one ends after five minutes.']),
    ...(Level === 'ALL' ? [] : ["It doesn't log all that happens; set Level to ALL."]),
    ...(String(IncludeExecutionData) === 'false'
      ? []
      : ['It writes inputs and outputs to its log; set IncludeExecutionData to false.']),
    // Step Functions keeps a policy for the logs by this beginning, which would outgrow its limit otherwise:
    // https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
    ...(String(group?.Properties?.LogGroupName).startsWith('/aws/vendedlogs/')
      ? []
      : ['It has no log group of this stack whose name begins with /aws/vendedlogs/.']),
  ];
};
