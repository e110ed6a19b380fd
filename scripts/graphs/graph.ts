/** A state machine's definition, as far as its picture shows it. */
export interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Arguments?: { readonly FunctionName?: string; readonly StateMachineArn?: string };
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly { readonly Condition: string; readonly Next: string }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly ItemProcessor?: Definition & { readonly ProcessorConfig?: { readonly Mode?: string } };
}

/** The picture of a state machine in Graphviz's language. Solid: what happens; dashed: what happens after a failure. */
export const graphOf = (name: string, definition: Definition): string => `digraph ${quote(name)} {
  rankdir=TB compound=true nodesep=0.5 ranksep=0.45 bgcolor=white
  node [${FONT} fontsize=12 shape=box style="rounded,filled" fillcolor="#f4f6f8" color="#5b6b7c" margin="0.28,0.1"]
  edge [${FONT} fontsize=10 color="#5b6b7c" fontcolor="#3d4a57" arrowsize=0.7]
  "" [shape=circle width=0.14 label="" fillcolor="#5b6b7c"]
  ${edge('', definition.StartAt, place('', definition))}
${statesOf(definition, '')}
}
`;

const FONT = 'fontname="Helvetica,Arial,sans-serif"';

const statesOf = (definition: Definition, prefix: string): string =>
  Object.entries(definition.States)
    .flatMap(([name, state]) => [nodeOf(name, state, prefix), ...edgesOf(name, state, place(prefix, definition))])
    .map((line) => `  ${line}`)
    .join('\n');

const nodeOf = (name: string, state: State, prefix: string): string => {
  const id = prefix + name;
  if (state.ItemProcessor) return mapOf(id, name, state.ItemProcessor);
  return `${quote(id)} [label=${quote([name, ...subtitle(state)].join('\n'))}${STYLES[state.Type] ?? ''}]`;
};

const mapOf = (id: string, name: string, processor: NonNullable<State['ItemProcessor']>): string => {
  const mode = processor.ProcessorConfig?.Mode === 'DISTRIBUTED' ? 'one execution an item' : 'one round an item';
  return `subgraph ${quote(`cluster_${id}`)} {
    label=${quote(`${name}\n${mode}`)} ${FONT} fontsize=12 style="rounded,dashed" color="#5b6b7c" margin=18
  ${statesOf(processor, `${id}/`)}
  }`;
};

const edgesOf = (name: string, state: State, at: (name: string) => End): string[] => [
  ...(state.Next ? [edge(name, state.Next, at, ['weight=10'])] : []),
  ...(state.Choices ?? []).map(({ Condition, Next }) =>
    edge(name, Next, at, ['weight=5', `label=${quote(conditionText(Condition))}`]),
  ),
  ...(state.Default ? [edge(name, state.Default, at, ['label="\u00a0\u00a0else\u00a0\u00a0"'])] : []),
  ...(state.Catch ?? [])
    .filter(({ Next }) => Next !== state.Next)
    .map(({ ErrorEquals, Next }) => edge(name, Next, at, [...FAILURE, ...errorLabel(ErrorEquals)])),
];

/** Where an edge ends: at a state or, for a Map, at its first state, cut off at the border of its box. */
interface End {
  readonly id: string;
  readonly cluster?: string;
}

const place =
  (prefix: string, { States }: Definition) =>
  (name: string): End => {
    const id = prefix + name;
    const processor = States[name]?.ItemProcessor;
    return processor ? { id: `${id}/${processor.StartAt}`, cluster: `cluster_${id}` } : { id };
  };

const edge = (from: string, to: string, at: (name: string) => End, attributes: readonly string[] = []): string => {
  const [tail, head] = [at(from), at(to)];
  const all = [
    ...(tail.cluster ? [`ltail=${quote(tail.cluster)}`] : []),
    ...(head.cluster ? [`lhead=${quote(head.cluster)}`] : []),
    ...attributes,
  ];
  return `${quote(tail.id)} -> ${quote(head.id)} [${all.join(' ')}]`;
};

const subtitle = ({ Type, Resource = '', Arguments }: State): string[] => {
  if (Type !== 'Task') return [];
  if (Resource.endsWith('.waitForTaskToken')) return ['function, waits for an event'];
  if (Resource.includes('states:startExecution')) {
    const machine = /\$\{(\w+)StateMachineArn\}/.exec(Arguments?.StateMachineArn ?? '')?.[1];
    return [`state machine ${machine?.toLowerCase()}`];
  }
  return [Resource.includes('events:putEvents') ? 'event' : 'function'];
};

/** `{% $exists($failure) %}` reads as `failure`. */
const conditionText = (condition: string): string =>
  `\u00a0\u00a0${condition
    .replace(/^\{%\s*|\s*%\}$/g, '')
    .replace(/\$exists\(([^)]*)\)/g, '$1')
    .replaceAll('$', '')}\u00a0\u00a0`;

const errorLabel = (names: readonly string[]): string[] =>
  names.includes('States.ALL') ? [] : [`label=${quote(names.join('\n'))}`];

const FAILURE = ['style=dashed', 'color="#aab4bf"', 'weight=0'];

const STYLES: Readonly<Record<string, string>> = {
  Choice: ' shape=diamond style=filled fillcolor="#fff6dd" margin="0.06,0.06"',
  Succeed: ' fillcolor="#dff3e3" color="#3b8751"',
  Fail: ' fillcolor="#fbe3e1" color="#b3453c"',
};

const quote = (text: string): string => JSON.stringify(text);
