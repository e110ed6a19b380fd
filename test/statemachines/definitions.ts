import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCloudFormation } from '#local/template/cloud-formation-yaml.ts';
import { functionsByKey, localDeployment } from '#test/deployment/local-deployment.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

/** A state, as far as the tests look into one. */
export interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Arguments?: Record<string, unknown>;
  readonly TimeoutSeconds?: number;
  readonly HeartbeatSeconds?: number;
  readonly Assign?: Record<string, unknown>;
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[] }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Assign?: Record<string, unknown> }[];
  readonly Choices?: readonly { readonly Assign?: Record<string, unknown> }[];
  readonly ItemProcessor?: States;
  readonly Branches?: readonly States[];
}

interface States {
  readonly StartAt: string;
  readonly States: Record<string, State>;
}

export interface Machine {
  readonly name: string;
  readonly text: string;
  readonly definition: States & { readonly QueryLanguage?: string };
  /** DefinitionSubstitutions of the CloudFormation resource. */
  readonly substitutions: Record<string, object>;
}

export const machines: readonly Machine[] = readdirSync(join(ROOT, 'statemachines'))
  .filter((file) => file.endsWith('.asl.json'))
  .map((file) => {
    const name = file.replace('.asl.json', '');
    const text = readFileSync(join(ROOT, 'statemachines', file), 'utf8');
    return { name, text, definition: JSON.parse(text), substitutions: readSubstitutions(name) };
  });

function readSubstitutions(name: string): Record<string, object> {
  const template = readFileSync(join(ROOT, 'statemachines', `${name}.yml`), 'utf8');
  const { Resources } = parseCloudFormation(template) as {
    Resources: Record<string, { Properties: { DefinitionSubstitutions: Record<string, object> } }>;
  };
  const [resource] = Object.values(Resources);
  return resource!.Properties.DefinitionSubstitutions;
}

export interface PlacedState {
  readonly machine: string;
  readonly name: string;
  readonly state: State;
  /** True for a state of an iteration or a branch whose own state has a Catch. */
  readonly caughtOutside: boolean;
}

/** Every state of every machine, also those of Maps and Parallels. */
export const states: readonly PlacedState[] = machines.flatMap(({ name, definition }) =>
  statesOf(name, definition, false),
);

function statesOf(machine: string, { States }: States, caughtOutside: boolean): PlacedState[] {
  return Object.entries(States).flatMap(([name, state]) => [
    { machine, name, state, caughtOutside },
    ...[...(state.ItemProcessor ? [state.ItemProcessor] : []), ...(state.Branches ?? [])].flatMap((inner) =>
      statesOf(machine, inner, caughtOutside || state.Catch !== undefined),
    ),
  ]);
}

export const tasks = states.filter(({ state }) => state.Type === 'Task');

/** The function that a Task calls, directly or by `lambda:invoke`, as its key in functions.yml. */
export const functionOf = ({ Resource, Arguments }: State): string | undefined => {
  const name = Resource?.startsWith('arn:aws:states:::lambda:invoke') ? Arguments?.FunctionName : Resource;
  const placeholder = /^\$\{(\w+)FunctionArn\}$/.exec(String(name))?.[1];
  return placeholder && placeholder.charAt(0).toLowerCase() + placeholder.slice(1);
};

const deployment = await localDeployment();

/** By their keys in functions.yml. */
export const functions = functionsByKey(deployment);

/** The routes of the HTTP API, each with the key of its function. */
export const routes = deployment.httpApi!.routes.map(({ method, path, functionName }) => ({
  method,
  path,
  functionName: functionName.replace(`${deployment.stackName}-`, ''),
}));

/** `trainModel` → `train-model`. */
export const folderName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const functionFolders = (): { readonly room: string; readonly folder: string }[] =>
  readdirSync(join(ROOT, 'functions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: room }) =>
      readdirSync(join(ROOT, 'functions', room), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && existsSync(join(ROOT, 'functions', room, entry.name, 'handler.ts')))
        .map(({ name: folder }) => ({ room, folder })),
    );
