import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import * as errors from '#shared/errors.ts';
import { EVENT_DETAILS, EVENT_SOURCE } from '#shared/events.ts';
import {
  folderName,
  functionFolders,
  functionOf,
  functions,
  type Machine,
  machines,
  ROOT,
  routes,
  type State,
  states,
  tasks,
} from './definitions.ts';

/** The package ships no types. */
const validate = createRequire(import.meta.url)('asl-validator') as (
  definition: object,
  options: { checkPaths: boolean; checkArn: boolean },
) => { errors: object[] };

const titled = <T extends { machine: string; name: string }>(placed: readonly T[]) =>
  placed.map((each) => ({ ...each, title: `${each.machine}: ${each.name}` }));

describe('the state machines', () => {
  it('are the five of the architecture', () => {
    expect(machines.map(({ name }) => name).sort()).toEqual([
      'deployment',
      'pipeline',
      'prediction',
      'staging',
      'training',
    ]);
  });

  it.each([...machines])('$name is valid', ({ definition }) => {
    // The validator writes into what it is given.
    const { errors: found } = validate(structuredClone(definition), {
      checkPaths: true,
      checkArn: true,
    });

    expect(found).toEqual([]);
    expect(definition.QueryLanguage).toBe('JSONata');
  });

  it.each([...machines])('$name has a substitution for each placeholder, and no other', ({ text, substitutions }) => {
    const placeholders = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!);

    expect(new Set(placeholders)).toEqual(new Set(Object.keys(substitutions)));
    for (const [placeholder, value] of Object.entries(substitutions)) {
      const name = placeholder.replace(/(FunctionArn|StateMachineArn)$/, '');
      if (placeholder.endsWith('FunctionArn'))
        expect(value).toEqual({ 'Fn::GetAtt': [`${name}LambdaFunction`, 'Arn'] });
      if (placeholder.endsWith('StateMachineArn')) expect(value).toEqual({ Ref: `${name}StateMachine` });
    }
  });

  it.each([...machines])('$name is understood by JSONata, and reads only variables that a state assigns', (machine) => {
    const assigned = new Set(assignedVariables(machine));

    const expressions = [...expressionsOf(machine.definition)];
    expect(expressions.length).toBeGreaterThan(0);
    for (const expression of expressions) {
      // Assigned within the expression, or a parameter of a function in it.
      const own = new Set(
        [...expression.matchAll(/\$(\w+)\s*:=|function\(\$(\w+)\)/g)].map(([, name, of]) => name ?? of),
      );
      for (const variable of variablesOf(jsonata(expression).ast())) {
        expect(['states', ...assigned, ...own], expression).toContain(variable);
      }
    }
  });
});

describe('each Task', () => {
  it.each(titled(tasks))('$title has a time limit and somebody who catches its failure', ({ state, caughtOutside }) => {
    expect(state.TimeoutSeconds).toBeGreaterThan(0);
    expect(state.Catch !== undefined || caughtOutside).toBe(true);
  });

  const functionTasks = titled(tasks.filter(({ state }) => functionOf(state) !== undefined));

  it.each(functionTasks)('$title has a function and a folder of its name', ({ name, state }) => {
    const key = functionOf(state)!;

    expect(key).toBe(name.charAt(0).toLowerCase() + name.slice(1));
    expect(functions).toHaveProperty(key);
    expect(functions[key]!.handlerFile).toMatch(new RegExp(`/functions/[a-z-]+/${folderName(key)}/handler\\.ts$`));
  });

  it.each(functionTasks)('$title waits longer than its function may run', ({ state }) => {
    expect(functions[functionOf(state)!]!.timeoutSeconds).toBeLessThan(state.TimeoutSeconds!);
  });

  it.each(functionTasks)('$title retries what passes by itself', ({ state }) => {
    const retried = state.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals);

    expect(retried).toEqual(
      expect.arrayContaining(['Lambda.ServiceException', 'Lambda.AWSLambdaException', 'Lambda.SdkClientException']),
    );
  });

  it.each(functionTasks)('$title runs a function once more whose process has died', ({ state }) => {
    const retriers = state.Retry?.filter(({ ErrorEquals }) => ErrorEquals.includes('Runtime.ExitError'));

    expect(retriers).toMatchObject([{ MaxAttempts: 1 }]);
  });

  it.each(titled(tasks.filter(({ state }) => state.Resource?.endsWith('.waitForTaskToken'))))(
    '$title waits by a token, with a heartbeat',
    ({ state }) => {
      expect(state.Arguments?.Payload).toMatchObject({ taskToken: '{% $states.context.Task.Token %}' });
      expect(state.HeartbeatSeconds).toBeGreaterThan(2 * 300);
      expect(state.HeartbeatSeconds).toBeLessThan(state.TimeoutSeconds!);
    },
  );

  it.each(titled(tasks.filter(({ state }) => state.Resource?.includes('startExecution'))))(
    '$title starts one child, however often it is tried, and another when the execution is redriven',
    async ({ name, state }) => {
      const nameOf = childName(state);
      const long = 'x'.repeat(80);

      expect(state.Arguments?.Input).toMatchObject({
        AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: '{% $states.context.Execution.Id %}',
      });
      expect(await nameOf('run-1', 0)).toBe(await nameOf('run-1', 0));
      expect(await nameOf('run-1', 1), name).not.toBe(await nameOf('run-1', 0));
      expect(await nameOf(`${long.slice(1)}y`, 0)).not.toBe(await nameOf(long, 0));
      expect((await nameOf(long, 99)).length).toBeLessThanOrEqual(80);
    },
  );

  it.each(titled(tasks.filter(({ state }) => state.Resource?.endsWith('events:putEvents'))))(
    '$title announces what an event’s schema has',
    ({ state }) => {
      const [entry] = state.Arguments!.Entries as { Source: string; DetailType: string; Detail: object }[];
      const schema = EVENT_DETAILS[entry!.DetailType as keyof typeof EVENT_DETAILS];

      expect(entry!.Source).toBe(EVENT_SOURCE);
      expect(Object.keys(entry!.Detail).sort()).toEqual(Object.keys(schema.shape).sort());
    },
  );
});

describe('each error', () => {
  const known = new Set(Object.keys(errors));
  const rules = titled(
    states.flatMap((placed) =>
      [...(placed.state.Retry ?? []), ...(placed.state.Catch ?? [])].map((rule) => ({ ...placed, rule })),
    ),
  );

  it.each(rules)('that $title retries or catches is one of ours, of Step Functions or of a service', ({ rule }) => {
    for (const name of rule.ErrorEquals) {
      expect(
        known.has(name) || /^(States|Lambda|Sandbox|Runtime|StepFunctions|EventBridge|S3)\.\w+$/.test(name),
        name,
      ).toBe(true);
    }
  });

  it.each(titled(states))('$title catches all alone and last', ({ state }) => {
    for (const list of [state.Retry ?? [], state.Catch ?? []]) {
      const all = list.findIndex(({ ErrorEquals }) => ErrorEquals.includes('States.ALL'));
      if (all < 0) continue;
      expect(list[all]!.ErrorEquals).toEqual(['States.ALL']);
      expect(all).toBe(list.length - 1);
    }
  });
});

describe('each function', () => {
  it.each(functionFolders())('$room/$folder has one entry, in the functions.yml of its room', ({ room, folder }) => {
    const file = join('functions', room, folder, 'handler.ts');
    const keys = Object.entries(functions).filter(([, { handlerFile }]) => relative(ROOT, handlerFile) === file);

    expect(keys.map(([key]) => folderName(key))).toEqual([folder]);
    for (const name of ['handler.ts', 'schema.ts', `${folder}.ts`]) {
      expect(existsSync(join(ROOT, 'functions', room, folder, name)), name).toBe(true);
    }
  });

  it.each(Object.keys(functions))('%s is called by a state, a rule, a schedule or a route', (key) => {
    const called = [...tasks.map(({ state }) => functionOf(state)), ...routes.map(({ functionName }) => functionName)];
    const rules = ['rules.yml', 'schedule-resources.ts'].map((file) =>
      readFileSync(join(ROOT, 'functions', 'events', file), 'utf8'),
    );
    const resource = `${key.charAt(0).toUpperCase()}${key.slice(1)}LambdaFunction`;

    expect(called.includes(key) || rules.join().includes(resource)).toBe(true);
  });
});

const assignedVariables = ({ definition }: Machine): string[] => {
  const names: string[] = [];
  const visit = (node: unknown, key?: string): void => {
    if (typeof node !== 'object' || node === null) return;
    if (key === 'Assign') names.push(...Object.keys(node));
    for (const [name, value] of Object.entries(node)) visit(value, name);
  };
  visit(definition);
  return names;
};

function* expressionsOf(node: unknown): Generator<string> {
  if (typeof node === 'string' && node.startsWith('{%')) yield node.slice(2, -2);
  if (typeof node === 'object' && node !== null) for (const value of Object.values(node)) yield* expressionsOf(value);
}

/** Names of the variables that an expression reads; those of functions it calls are not among them. */
function* variablesOf(node: unknown): Generator<string> {
  if (typeof node !== 'object' || node === null) return;
  const { type, value, procedure, ...rest } = node as Record<string, unknown>;
  if (type === 'variable') yield String(value);
  if (type !== 'function') yield* variablesOf(procedure);
  for (const child of Object.values(rest)) yield* variablesOf(child);
  if (typeof value === 'object') yield* variablesOf(value);
}

/** Evaluates a child's name for a parent's; `$hash` stands in for Step Functions' own. */
const childName = (state: State) => {
  const { Name } = state.Arguments as { Name: string };
  const expression = jsonata(Name.slice(2, -2));
  expression.registerFunction('hash', (text: string) =>
    [...text]
      .reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)
      .toString(16)
      .padStart(64, '0')
      .split('')
      .reverse()
      .join(''),
  );
  return (executionName: string, redriveCount: number): Promise<string> =>
    expression.evaluate(undefined, {
      states: { context: { Execution: { Name: executionName, RedriveCount: redriveCount } } },
    });
};
