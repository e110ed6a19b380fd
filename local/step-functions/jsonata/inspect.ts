import { compile } from './evaluate.ts';

/** What an expression refers to, found in its syntax tree without running it. */
export interface References {
  /** Variables and functions that it takes from outside, without their `$`. */
  readonly names: ReadonlySet<string>;
  /** Names, `$`, `$$`, `*`, `**` and `%` that would need a context item where there is none. */
  readonly contextual: ReadonlySet<string>;
  readonly usesErrorOutput: boolean;
}

/** @throws JsonataError when the source can't be parsed. */
export const referencesOf = (source: string): References => {
  const found = {
    names: new Set<string>(),
    bound: new Set<string>(),
    contextual: new Set<string>(),
    errorOutput: false,
  };
  inspect(compile(source).ast() as unknown as Node, false, found);
  return {
    names: new Set([...found.names].filter((name) => !found.bound.has(name))),
    contextual: found.contextual,
    usesErrorOutput: found.errorOutput,
  };
};

/** A node of the library's tree, as far as it matters here. */
interface Node {
  readonly type?: string;
  readonly value?: unknown;
  readonly steps?: readonly Node[];
  readonly lhs?: Node;
  readonly [member: string]: unknown;
}

interface Found {
  readonly names: Set<string>;
  readonly bound: Set<string>;
  readonly contextual: Set<string>;
  errorOutput: boolean;
}

const inspect = (node: Node, hasContext: boolean, found: Found): void => {
  if (node.type === 'path') {
    inspectPath(node.steps!, node, hasContext, found);
    return;
  }
  if (node.type === 'variable') inspectVariable(String(node.value), hasContext, found);
  else if (node.type && Object.hasOwn(CONTEXTUAL, node.type) && !hasContext)
    found.contextual.add(CONTEXTUAL[node.type]!(node));
  else if (node.type === 'bind') found.bound.add(String(node.lhs!.value));
  else if (node.type === 'lambda')
    for (const argument of node.arguments as Node[]) found.bound.add(String(argument.value));
  inspectMembers(node, hasContext, found);
};

/** The first step sees the context around the path; what follows, and every filter, sees an item of the step before. */
const inspectPath = (steps: readonly Node[], path: Node, hasContext: boolean, found: Found): void => {
  const [first, second] = steps;
  if (first?.type === 'variable' && first.value === 'states' && second?.value === 'errorOutput')
    found.errorOutput = true;
  for (const [index, step] of steps.entries()) {
    for (const binding of [step.focus, (step.index as Node | undefined)?.value ?? step.index]) {
      if (typeof binding === 'string') found.bound.add(binding);
    }
    inspect(step, hasContext || index > 0, found);
  }
  const { steps: _steps, ...others } = path;
  inspectMembers(others, true, found);
};

const inspectVariable = (name: string, hasContext: boolean, found: Found): void => {
  if (name === '$') found.contextual.add('$$');
  else if (name !== '') found.names.add(name);
  else if (!hasContext) found.contextual.add('$');
};

const CONTEXTUAL: Readonly<Record<string, (node: Node) => string>> = {
  name: ({ value }) => String(value),
  wildcard: () => '*',
  descendant: () => '**',
  parent: () => '%',
};

/** Filters, stages, sort terms and groups look at items; all other parts see what their node sees. */
const ITEM_MEMBERS = new Set(['predicate', 'stages', 'group', 'terms']);

const inspectMembers = (node: Node, hasContext: boolean, found: Found): void => {
  for (const [member, value] of Object.entries(node)) {
    if (node.type === 'lambda' && member === 'arguments') continue;
    inspectValue(value, hasContext || ITEM_MEMBERS.has(member), found);
  }
};

const inspectValue = (value: unknown, hasContext: boolean, found: Found): void => {
  if (Array.isArray(value)) for (const item of value) inspectValue(item, hasContext, found);
  else if (typeof value === 'object' && value !== null && !(value instanceof RegExp))
    inspect(value as Node, hasContext, found);
};
