/** A state machine's definition, as far as permissions go by it. */
export interface Definition {
  readonly States: Readonly<Record<string, DefinedState>>;
}

interface DefinedState {
  readonly Type: string;
  readonly Resource?: string;
  readonly ItemReader?: { readonly Resource: string };
  readonly ResultWriter?: { readonly Resource: string };
  readonly ItemProcessor?: Definition & { readonly ProcessorConfig?: { readonly Mode?: string } };
  readonly Branches?: readonly Definition[];
}

/**
 * The IAM actions that a state machine's role needs for its states.
 *
 * https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
 *
 * @throws TypeError for an integration that this table doesn't have yet.
 */
export const machineActions = (definition: Definition): ReadonlySet<string> =>
  new Set(Object.values(definition.States).flatMap(stateActions));

const stateActions = (state: DefinedState): string[] => {
  const isDistributed = state.ItemProcessor?.ProcessorConfig?.Mode === 'DISTRIBUTED';
  return [
    ...(state.Type === 'Task' ? actionsOf(state.Resource ?? '') : []),
    ...(isDistributed ? DISTRIBUTED_MAP : []),
    ...(state.ItemReader ? actionsOf(state.ItemReader.Resource) : []),
    ...(state.ResultWriter ? RESULT_WRITER : []),
    ...[state.ItemProcessor, ...(state.Branches ?? [])].flatMap((nested) =>
      nested ? [...machineActions(nested)] : [],
    ),
  ];
};

const actionsOf = (resource: string): readonly string[] => {
  if (/^\$\{\w+FunctionArn\}$/.test(resource)) return ['lambda:InvokeFunction'];
  const actions = INTEGRATIONS[resource.replace('arn:aws:states:::', '')];
  if (!actions) throw new TypeError(`machine-actions.ts doesn't know what ${resource} needs. Add it there.`);
  return actions;
};

const INTEGRATIONS: Readonly<Record<string, readonly string[]>> = {
  'lambda:invoke': ['lambda:InvokeFunction'],
  'lambda:invoke.waitForTaskToken': ['lambda:InvokeFunction'],
  'events:putEvents': ['events:PutEvents'],
  // Step Functions hears of the child's end by a rule that it keeps in the account.
  'states:startExecution.sync:2': [
    'states:StartExecution',
    'states:DescribeExecution',
    'states:StopExecution',
    'events:PutTargets',
    'events:PutRule',
    'events:DescribeRule',
  ],
  's3:getObject': ['s3:GetObject'],
  's3:listObjectsV2': ['s3:ListBucket'],
  'aws-sdk:s3:getObject': ['s3:GetObject'],
  'aws-sdk:s3:putObject': ['s3:PutObject'],
  'aws-sdk:s3:listObjectsV2': ['s3:ListBucket'],
};

const DISTRIBUTED_MAP = [
  'states:StartExecution',
  'states:DescribeExecution',
  'states:StopExecution',
  'states:RedriveExecution',
];

const RESULT_WRITER = ['s3:PutObject', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'];
