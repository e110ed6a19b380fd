import type { Json, JsonObject } from '../json.ts';

/**
 * Amazon States Language with `"QueryLanguage": "JSONata"`, as far as this interpreter runs it.
 * https://states-language.net and https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
 */
export interface StateMachineDefinition extends StateSequence {
  readonly Comment?: string;
  readonly Version?: string;
  readonly QueryLanguage: 'JSONata';
  readonly TimeoutSeconds?: number;
}

/** States that run one after the other: a machine, a Parallel state's branch or a Map state's processor. */
export interface StateSequence {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export type State =
  | PassState
  | TaskState
  | ChoiceState
  | WaitState
  | ParallelState
  | MapState
  | SucceedState
  | FailState;

/** A JSON value in which every string `{% … %}` is an expression. */
export type Template = Json;

/** An integer, or an expression that gives one. */
export type IntegerOrExpression = number | string;

interface Named {
  readonly Comment?: string;
  readonly QueryLanguage?: 'JSONata';
}

interface Assigning {
  readonly Output?: Template;
  readonly Assign?: JsonObject;
}

interface Transition {
  readonly Next?: string;
  readonly End?: true;
}

export interface Retrier {
  readonly Comment?: string;
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly MaxAttempts?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: 'NONE' | 'FULL';
}

export interface Catcher extends Assigning {
  readonly Comment?: string;
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
}

/** What Task, Parallel and Map share: they can fail, be retried and be caught. */
interface Fallible {
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
}

export interface PassState extends Named, Assigning, Transition {
  readonly Type: 'Pass';
}

export interface TaskState extends Named, Assigning, Transition, Fallible {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly Arguments?: Template;
  readonly Credentials?: Json;
  readonly TimeoutSeconds?: IntegerOrExpression;
  readonly HeartbeatSeconds?: IntegerOrExpression;
}

export interface ChoiceRule extends Assigning {
  readonly Comment?: string;
  readonly Condition: string | boolean;
  readonly Next: string;
}

export interface ChoiceState extends Named, Assigning {
  readonly Type: 'Choice';
  readonly Choices: readonly ChoiceRule[];
  readonly Default?: string;
}

export interface WaitState extends Named, Assigning, Transition {
  readonly Type: 'Wait';
  readonly Seconds?: IntegerOrExpression;
  readonly Timestamp?: string;
}

export interface ParallelState extends Named, Assigning, Transition, Fallible {
  readonly Type: 'Parallel';
  readonly Arguments?: Template;
  readonly Branches: readonly StateSequence[];
}

export interface MapState extends Named, Assigning, Transition, Fallible {
  readonly Type: 'Map';
  readonly Items?: Template;
  readonly ItemReader?: ItemReader;
  readonly ItemSelector?: Template;
  readonly ItemBatcher?: ItemBatcher;
  readonly ItemProcessor?: ItemProcessor;
  /** The old name of `ItemProcessor`. */
  readonly Iterator?: ItemProcessor;
  readonly ResultWriter?: ResultWriter;
  readonly MaxConcurrency?: IntegerOrExpression;
  readonly ToleratedFailureCount?: IntegerOrExpression;
  readonly ToleratedFailurePercentage?: IntegerOrExpression;
  readonly Label?: string;
}

export interface ItemProcessor extends StateSequence {
  readonly ProcessorConfig?: {
    readonly Mode?: 'INLINE' | 'DISTRIBUTED';
    readonly ExecutionType?: 'STANDARD' | 'EXPRESS';
  };
}

export interface ItemReader {
  readonly Resource: string;
  readonly Arguments?: Template;
  readonly ReaderConfig?: ReaderConfig;
}

export interface ReaderConfig {
  readonly InputType?: string;
  readonly MaxItems?: IntegerOrExpression;
  readonly ItemsPointer?: string;
  readonly CSVHeaderLocation?: 'FIRST_ROW' | 'GIVEN';
  readonly CSVHeaders?: readonly string[];
  readonly CSVDelimiter?: 'COMMA' | 'PIPE' | 'SEMICOLON' | 'SPACE' | 'TAB';
}

export interface ItemBatcher {
  readonly MaxItemsPerBatch?: IntegerOrExpression;
  readonly MaxInputBytesPerBatch?: IntegerOrExpression;
  readonly BatchInput?: Template;
}

export interface ResultWriter {
  readonly Resource?: string;
  readonly Arguments?: Template;
  readonly WriterConfig?: WriterConfig;
}

export interface WriterConfig {
  readonly Transformation?: 'NONE' | 'COMPACT' | 'FLATTEN';
  readonly OutputType?: 'JSON' | 'JSONL';
}

export interface SucceedState extends Named {
  readonly Type: 'Succeed';
  readonly Output?: Template;
}

export interface FailState extends Named {
  readonly Type: 'Fail';
  readonly Error?: string;
  readonly Cause?: string;
}

/** A Map state's processor, under its new or its old name; the checks of a definition make sure that one is there. */
export const processorOf = (state: MapState): ItemProcessor => (state.ItemProcessor ?? state.Iterator)!;

export const isDistributed = (state: MapState): boolean => processorOf(state).ProcessorConfig?.Mode === 'DISTRIBUTED';
