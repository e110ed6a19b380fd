import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateStateMachineCommand,
  DescribeStateMachineCommand,
  type SFNClient,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import { EVENT_BUS_NAME } from '#local/deployment/event-bus.ts';
import { functionArn } from '#local/lambda/functions.ts';
import type { Account } from '#local/stand-in.ts';

/** Creates or updates the state machines of `statemachines/*.asl.json`. Returns their ARNs by name. */
export const deployStateMachines = async (
  sfn: SFNClient,
  { rootDir, account }: { readonly rootDir: string; readonly account: Account },
): Promise<Record<string, string>> => {
  const directory = join(rootDir, 'statemachines');
  const names = readdirSync(directory)
    .filter((file) => file.endsWith('.asl.json'))
    .map((file) => file.replace('.asl.json', ''));
  for (const name of names) {
    const definition = substitute(readFileSync(join(directory, `${name}.asl.json`), 'utf8'), account);
    await deploy(sfn, name, definition, account);
  }
  return Object.fromEntries(names.map((name) => [name, stateMachineArn(name, account)]));
};

/**
 * Fills a definition's placeholders as CloudFormation's DefinitionSubstitutions would:
 * `${TrainModelFunctionArn}` is the function `trainModel`, `${StagingStateMachineArn}` the state machine `staging`.
 *
 * @throws TypeError for a placeholder that the laptop has nothing for.
 */
export const substitute = (definition: string, account: Account): string =>
  definition.replace(/\$\{(\w+)\}/g, (placeholder, name: string) => {
    if (name === 'EventBusName') return EVENT_BUS_NAME;
    const [, stem, kind] = /^(\w+)(FunctionArn|StateMachineArn)$/.exec(name) ?? [];
    if (!stem) throw new TypeError(`The laptop's cloud has nothing for the placeholder ${placeholder}.`);
    const key = stem.charAt(0).toLowerCase() + stem.slice(1);
    return kind === 'FunctionArn' ? functionArn(account, key) : stateMachineArn(key, account);
  });

export const stateMachineArn = (name: string, { region, accountId }: Account): string =>
  `arn:aws:states:${region}:${accountId}:stateMachine:${name}`;

const deploy = async (sfn: SFNClient, name: string, definition: string, account: Account): Promise<void> => {
  const arn = stateMachineArn(name, account);
  const current = await deployedDefinition(sfn, arn);
  if (current === definition) return;
  if (current !== undefined) {
    await sfn.send(new UpdateStateMachineCommand({ stateMachineArn: arn, definition }));
    return;
  }
  const roleArn = `arn:aws:iam::${account.accountId}:role/fedml-${name}`;
  await sfn.send(new CreateStateMachineCommand({ name, definition, roleArn, type: 'STANDARD' }));
};

const deployedDefinition = async (sfn: SFNClient, stateMachineArn: string): Promise<string | undefined> => {
  try {
    return (await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))).definition;
  } catch (error) {
    if ((error as Error).name === 'StateMachineDoesNotExist') return undefined;
    throw error;
  }
};
