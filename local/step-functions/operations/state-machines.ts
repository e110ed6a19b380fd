import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import type { Account } from '#local/stand-in.ts';
import { parseArn, stateMachineArn } from '../arns.ts';
import { checkDefinition, definitionProblems } from '../definition/check-definition.ts';
import type { ExecutionStore } from '../store/execution-store.ts';
import type { StateMachineRecord, StateMachineStore } from '../store/state-machine-store.ts';
import { arn, checkName, operation, page, paging, validationError } from './operation.ts';

/** Create, change, describe, list and delete state machines; validate definitions. */
export const stateMachineOperations = (
  account: Account,
  store: StateMachineStore,
  executions: ExecutionStore,
  checkRole: (machine: StateMachineRecord) => void,
): Record<string, Operation> => ({
  CreateStateMachine: operation(CREATE, async (input) => {
    checkName(input.name);
    refuseVersions(input.publish);
    refuseEncryption(input.encryptionConfiguration);
    checkDefinition(input.name, input.definition);
    const machineArn = stateMachineArn(account, input.name);
    const existing = store.machines.get(machineArn);
    if (existing && !isSame(existing, input)) {
      throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${machineArn}'`);
    }
    const now = Date.now();
    const machine = existing ?? {
      arn: machineArn,
      name: input.name,
      type: input.type,
      definition: input.definition,
      roleArn: input.roleArn,
      revisionId: randomUUID(),
      creationDate: now,
      updateDate: now,
      loggingConfiguration: input.loggingConfiguration,
      tracingConfiguration: input.tracingConfiguration,
      tags: Object.fromEntries((input.tags ?? []).map(({ key, value }) => [key, value])),
    };
    checkRole(machine);
    await store.save(machine);
    return { stateMachineArn: machine.arn, creationDate: new Date(machine.creationDate) };
  }),

  UpdateStateMachine: operation(UPDATE, async (input) => {
    const machine = machineOf(store, input.stateMachineArn);
    refuseVersions(input.publish);
    refuseEncryption(input.encryptionConfiguration);
    const { definition, roleArn, loggingConfiguration, tracingConfiguration } = input;
    if (definition === undefined && roleArn === undefined && !loggingConfiguration && !tracingConfiguration) {
      throw new AwsError(
        'MissingRequiredParameter',
        'Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified',
      );
    }
    if (definition !== undefined) checkDefinition(machine.name, definition);
    const changed = {
      ...machine,
      definition: definition ?? machine.definition,
      roleArn: roleArn ?? machine.roleArn,
      loggingConfiguration: loggingConfiguration ?? machine.loggingConfiguration,
      tracingConfiguration: tracingConfiguration ?? machine.tracingConfiguration,
      revisionId: randomUUID(),
      updateDate: Date.now(),
    };
    checkRole(changed);
    await store.save(changed);
    return { updateDate: new Date(changed.updateDate), revisionId: changed.revisionId };
  }),

  DeleteStateMachine: operation(BY_ARN, async ({ stateMachineArn: machineArn }) => {
    if (parseArn(machineArn)?.kind !== 'stateMachine') throw invalidArn(machineArn);
    await store.remove(machineArn);
  }),

  DescribeStateMachine: operation(BY_ARN, ({ stateMachineArn: machineArn }) => {
    const machine = machineOf(store, machineArn);
    return { ...describe(machine), stateMachineArn: machine.arn, status: 'ACTIVE', type: machine.type };
  }),

  DescribeStateMachineForExecution: operation(z.object({ executionArn: arn }), ({ executionArn }) => {
    const record = executions.executions.get(executionArn);
    if (!record) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    const updateDate = store.machines.get(record.family.members[0]!.stateMachineArn)?.updateDate ?? record.startDate;
    return {
      stateMachineArn: record.stateMachineArn,
      name: record.stateMachineName,
      definition: record.family.definition,
      roleArn: record.roleArn,
      revisionId: record.revisionId,
      updateDate: new Date(updateDate),
      ...(record.mapRun && { mapRunArn: record.mapRun.arn, label: record.stateMachineArn.split('/')[1] }),
    };
  }),

  ListStateMachines: operation(z.object(paging), (input) => {
    const { items, nextToken } = page([...store.machines.values()], input, (machine) => machine.arn);
    return {
      stateMachines: items.map(({ arn: machineArn, name, type, creationDate }) => ({
        stateMachineArn: machineArn,
        name,
        type,
        creationDate: new Date(creationDate),
      })),
      nextToken,
    };
  }),

  ValidateStateMachineDefinition: operation(VALIDATE, ({ definition, maxResults }) => {
    const problems = definitionProblems(definition);
    const diagnostics = problems.slice(0, maxResults || 100);
    return {
      result: problems.length > 0 ? 'FAIL' : 'OK',
      diagnostics,
      truncated: diagnostics.length < problems.length,
    };
  }),
});

/** The machine that an ARN names. */
export const machineOf = (store: StateMachineStore, machineArn: string): StateMachineRecord => {
  const parsed = parseArn(machineArn);
  if (parsed?.kind !== 'stateMachine') throw invalidArn(machineArn);
  const machine = store.machines.get(machineArn);
  if (machine) return machine;
  const problem = parsed.rest.includes(':') ? ' Versions and aliases are not supported on the laptop.' : '';
  throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${machineArn}'.${problem}`);
};

export const invalidArn = (text: string): AwsError => new AwsError('InvalidArn', `Invalid Arn: '${text}'`);

const TYPE = z.enum(['STANDARD', 'EXPRESS']).default('STANDARD');
const CONFIGURATIONS = {
  loggingConfiguration: z.unknown().optional(),
  tracingConfiguration: z.unknown().optional(),
  encryptionConfiguration: z.object({ type: z.string() }).optional(),
  publish: z.boolean().optional(),
};

const DEFINITION = z.string().min(1).max(1_048_576);

const CREATE = z.object({
  name: z.string(),
  definition: DEFINITION,
  roleArn: z.string().min(1),
  type: TYPE,
  tags: z.array(z.object({ key: z.string(), value: z.string() })).optional(),
  ...CONFIGURATIONS,
});

const UPDATE = z.object({
  stateMachineArn: arn,
  definition: DEFINITION.optional(),
  roleArn: z.string().optional(),
  ...CONFIGURATIONS,
});

const BY_ARN = z.object({ stateMachineArn: arn });

const VALIDATE = z.object({
  definition: DEFINITION,
  type: TYPE,
  severity: z.enum(['ERROR', 'WARNING']).optional(),
  maxResults: z.int().min(0).max(100).optional(),
});

const refuseVersions = (publish: boolean | undefined): void => {
  if (publish) throw validationError("'publish': versions and aliases are not supported on the laptop");
};

const refuseEncryption = (configuration: { type: string } | undefined): void => {
  if (!configuration || configuration.type === 'AWS_OWNED_KEY') return;
  throw validationError(`'encryptionConfiguration': ${configuration.type} is not supported on the laptop`);
};

const isSame = (existing: StateMachineRecord, wanted: z.output<typeof CREATE>): boolean =>
  existing.definition === wanted.definition &&
  existing.type === wanted.type &&
  JSON.stringify(existing.loggingConfiguration) === JSON.stringify(wanted.loggingConfiguration) &&
  JSON.stringify(existing.tracingConfiguration) === JSON.stringify(wanted.tracingConfiguration);

const describe = ({
  name,
  definition,
  roleArn,
  creationDate,
  revisionId,
  loggingConfiguration,
  tracingConfiguration,
}: StateMachineRecord) => ({
  name,
  definition,
  roleArn,
  creationDate: new Date(creationDate),
  revisionId,
  loggingConfiguration,
  tracingConfiguration,
});
