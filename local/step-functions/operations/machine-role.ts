import { AwsError } from '#local/http/aws-json.ts';
import { AccessDenied } from '#local/iam/errors.ts';
import type { Caller, Check, Iam } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import type { StateMachineDefinition } from '../definition/asl.ts';
import { isJsonObject } from '../json.ts';
import type { StateMachineRecord } from '../store/state-machine-store.ts';
import { newSessionName, STATES } from '../tasks/roles.ts';
import { invalidArn } from './state-machines.ts';

/**
 * Checks, as AWS does when a machine is made or changed, that its role lets Step Functions take it and suffices for what the
 * service sets up with it: the rule that follows nested executions, and the delivery of logs.
 *
 * @throws AwsError AccessDeniedException, InvalidArn
 */
export const checkMachineRole = (
  iam: Iam,
  account: Account,
  machine: Pick<StateMachineRecord, 'arn' | 'roleArn' | 'definition' | 'loggingConfiguration'>,
): void => {
  const { arn, roleArn, definition, loggingConfiguration } = machine;
  checkRoleArn(roleArn);
  assertTrusted(iam, roleArn, arn);
  const role = iam.callerOf(iam.sessionKeys(roleArn, newSessionName()));
  if (followsExecutions(JSON.parse(definition) as StateMachineDefinition)) {
    need(role, managedRuleChecks(account), `'${roleArn}' is not authorized to create managed-rule.`);
  }
  if (isLogged(loggingConfiguration)) need(role, LOG_DELIVERY_CHECKS, LOG_DENIAL);
};

/** @throws AwsError InvalidArn */
export const checkRoleArn = (roleArn: string): void => {
  if (!ROLE_ARN.test(roleArn)) throw invalidArn(roleArn);
};

const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d*:role\/.+$/;

const assertTrusted = (iam: Iam, roleArn: string, machineArn: string): void => {
  try {
    iam.assertTrusts(roleArn, STATES, machineArn);
  } catch (error) {
    if (!(error instanceof AccessDenied)) throw error;
    throw denied(
      `Neither the global service principal ${STATES}, nor the regional one is authorized to assume the provided role.`,
    );
  }
};

const need = (role: Caller, checks: readonly Check[], denial: string): void => {
  if (!checks.every((check) => role.may(check))) throw denied(denial);
};

const denied = (message: string): AwsError => new AwsError('AccessDeniedException', message);

/** Whether some state, however deep, waits for an execution that it starts. */
const followsExecutions = (node: unknown): boolean => {
  if (Array.isArray(node)) return node.some(followsExecutions);
  if (!isJsonObject(node)) return false;
  if (node.Type === 'Task' && FOLLOWED.test(String(node.Resource))) return true;
  return Object.values(node).some(followsExecutions);
};

const FOLLOWED = /:states:startExecution\.sync(:2)?$/;

/** https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html */
const managedRuleChecks = ({ region, accountId }: Account): Check[] => {
  const resource = `arn:aws:events:${region}:${accountId}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule`;
  const context = { 'events:ManagedBy': STATES };
  return [
    { action: 'events:PutRule', resource, context },
    { action: 'events:PutTargets', resource, context },
    { action: 'events:DescribeRule', resource },
  ];
};

const isLogged = (configuration: unknown): boolean =>
  isJsonObject(configuration) && configuration.level !== undefined && configuration.level !== 'OFF';

const LOG_DENIAL = 'The state machine IAM Role is not authorized to access the Log Destination';

/** https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html */
const LOG_DELIVERY_CHECKS: readonly Check[] = [
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
].map((action) => ({ action, resource: '*' }));
