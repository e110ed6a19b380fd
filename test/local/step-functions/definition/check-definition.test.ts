import { describe, expect, it } from 'vitest';
import { checkDefinition, definitionProblems } from '#local/step-functions/definition/check-definition.ts';

const machine = (states: object, more: object = {}): string =>
  JSON.stringify({ QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0], States: states, ...more });

/** A machine of one state that ends. */
const one = (state: object, more: object = {}): string =>
  machine({ A: { Type: 'Pass', End: true, ...state }, ...more });

const PROCESSOR = { StartAt: 'In', States: { In: { Type: 'Pass', End: true } } };
const DISTRIBUTED = { ...PROCESSOR, ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } };
const map = (fields: object, processor: object = PROCESSOR) =>
  one({ Type: 'Map', ItemProcessor: processor, ...fields });
const task = (fields: object) =>
  one({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: {}, ...fields });
const pass = (output: unknown) => one({ Output: output });
const reader = (fields: object) => ({
  ItemReader: { Resource: 'arn:aws:states:::s3:getObject', Arguments: {}, ...fields },
});

const found = (definition: string): string[] =>
  definitionProblems(definition).map(({ code, location }) => `${code} ${location}`);

describe('a definition is refused', () => {
  it.each([
    ['when it is no JSON', '{', 'INVALID_JSON_DESCRIPTION '],
    [
      'without a query language',
      JSON.stringify({ StartAt: 'A', States: {} }),
      'SCHEMA_VALIDATION_FAILED /QueryLanguage',
    ],
    [
      'in JSONPath',
      machine({ A: { Type: 'Pass', End: true } }, { QueryLanguage: 'JSONPath' }),
      'SCHEMA_VALIDATION_FAILED /QueryLanguage',
    ],
    ['with a JSONPath state', one({ QueryLanguage: 'JSONPath' }), 'SCHEMA_VALIDATION_FAILED /States/A/QueryLanguage'],
    [
      'with a query language on a processor',
      map({}, { ...PROCESSOR, QueryLanguage: 'JSONata' }),
      'SCHEMA_VALIDATION_FAILED /States/A/ItemProcessor/QueryLanguage',
    ],
    ['without states', machine({}, { StartAt: 'A' }), 'SCHEMA_VALIDATION_FAILED /States'],
    ['with an unknown type', one({ Type: 'Sleep' }), 'SCHEMA_VALIDATION_FAILED /States/A/Type'],
    ['with an unknown field', one({ Outptu: 1 }), 'SCHEMA_VALIDATION_FAILED /States/A/Outptu'],
    ['with a field of JSONPath', one({ Result: 1 }), 'SCHEMA_VALIDATION_FAILED /States/A/Result'],
    ['with a path', one({ InputPath: '$' }), 'SCHEMA_VALIDATION_FAILED /States/A/InputPath'],
    ['with a key of JSONPath', pass({ a: [{ 'x.$': '$.y' }] }), 'SCHEMA_VALIDATION_FAILED /States/A/Output/a/0/x.$'],
    [
      'that starts nowhere',
      machine({ A: { Type: 'Succeed' } }, { StartAt: 'B' }),
      'MISSING_TRANSITION_TARGET /StartAt',
    ],
    ['that goes nowhere', machine({ A: { Type: 'Pass', Next: 'B' } }), 'MISSING_TRANSITION_TARGET /States/A/Next'],
    [
      'that catches into nowhere',
      task({ Catch: [{ ErrorEquals: ['X'], Next: 'B' }] }),
      'MISSING_TRANSITION_TARGET /States/A/Catch/0/Next',
    ],
    [
      'that chooses nowhere',
      machine({ A: { Type: 'Choice', Choices: [{ Condition: true, Next: 'A' }], Default: 'B' } }),
      'MISSING_TRANSITION_TARGET /States/A/Default',
    ],
    [
      'that leaves a branch',
      one({ Type: 'Parallel', Branches: [{ StartAt: 'I', States: { I: { Type: 'Pass', Next: 'A' } } }] }),
      'MISSING_TRANSITION_TARGET /States/A/Branches/0/States/I/Next',
    ],
    ['with a state on no way', one({}, { B: { Type: 'Succeed' } }), 'MISSING_TRANSITION_TARGET /States/B'],
    ['that never ends', machine({ A: { Type: 'Pass', Next: 'A' } }), 'MISSING_TERMINAL_STATE /States'],
    [
      'with a name used twice',
      map({}, { StartAt: 'A', States: { A: { Type: 'Succeed' } } }),
      'DUPLICATE_STATE_NAMES /States/A/ItemProcessor/States/A',
    ],
    [
      'with a name of 81 characters',
      machine({ [`A${'a'.repeat(80)}`]: { Type: 'Succeed' } }),
      `SCHEMA_VALIDATION_FAILED /States/A${'a'.repeat(80)}`,
    ],
    [
      'with Next and End',
      machine({ A: { Type: 'Pass', Next: 'B', End: true }, B: { Type: 'Succeed' } }),
      'SCHEMA_VALIDATION_FAILED /States/A',
    ],
    ['with neither Next nor End', machine({ A: { Type: 'Pass' } }), 'SCHEMA_VALIDATION_FAILED /States/A'],
    [
      'with End on a Choice',
      machine({ A: { Type: 'Choice', Choices: [{ Condition: true, Next: 'B' }], End: true }, B: { Type: 'Succeed' } }),
      'SCHEMA_VALIDATION_FAILED /States/A/End',
    ],
    [
      'with Assign on a Succeed',
      machine({ A: { Type: 'Succeed', Assign: { x: 1 } } }),
      'SCHEMA_VALIDATION_FAILED /States/A/Assign',
    ],
    [
      'with two ways to wait',
      one({ Type: 'Wait', Seconds: 1, Timestamp: '2026-11-24T00:00:00Z' }),
      'SCHEMA_VALIDATION_FAILED /States/A',
    ],
    ['with a wrong number', one({ Type: 'Wait', Seconds: 1.5 }), 'SCHEMA_VALIDATION_FAILED /States/A/Seconds'],
    [
      'with States.ALL among others',
      task({ Retry: [{ ErrorEquals: ['States.ALL', 'X'] }] }),
      'SCHEMA_VALIDATION_FAILED /States/A/Retry/0/ErrorEquals',
    ],
    [
      'with States.ALL before others',
      task({ Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['X'] }] }),
      'SCHEMA_VALIDATION_FAILED /States/A/Retry/0/ErrorEquals',
    ],
    [
      'with an invented States name',
      task({ Retry: [{ ErrorEquals: ['States.Oops'] }] }),
      'SCHEMA_VALIDATION_FAILED /States/A/Retry/0/ErrorEquals',
    ],
    [
      'with a heartbeat not shorter than the timeout',
      task({ TimeoutSeconds: 5, HeartbeatSeconds: 5 }),
      'SCHEMA_VALIDATION_FAILED /States/A/HeartbeatSeconds',
    ],
    [
      'with a resource of another kind',
      task({ Resource: 'arn:aws:states:::sqs:sendMessage' }),
      'SCHEMA_VALIDATION_FAILED /States/A/Resource',
    ],
    [
      'with an SDK that is not there',
      task({ Resource: 'arn:aws:states:::aws-sdk:constructor:x' }),
      'SCHEMA_VALIDATION_FAILED /States/A/Resource',
    ],
    [
      'with an activity',
      task({ Resource: 'arn:aws:states:eu-central-1:000000000000:activity:a' }),
      'SCHEMA_VALIDATION_FAILED /States/A/Resource',
    ],
    [
      'with a token that is not passed on',
      task({ Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken' }),
      'SCHEMA_VALIDATION_FAILED /States/A/Arguments',
    ],
    ['with an expression that does not parse', pass('{% 1 + %}'), 'INVALID_JSONATA_EXPRESSION /States/A/Output'],
    ['with ?: of later JSONata', pass('{% 1 ?: 2 %}'), 'INVALID_JSONATA_EXPRESSION /States/A/Output'],
    ['with a bare name', pass('{% phone %}'), 'UNSUPPORTED_JSONATA_EXPRESSION /States/A/Output'],
    [
      'with a bare name in a function',
      pass('{% $map([1], function($v) { phone }) %}'),
      'UNSUPPORTED_JSONATA_EXPRESSION /States/A/Output',
    ],
    ['with $ and no item', pass('{% $.phone %}'), 'UNSUPPORTED_JSONATA_EXPRESSION /States/A/Output'],
    ['with $$', pass('{% $states.input[$$.x] %}'), 'UNSUPPORTED_JSONATA_EXPRESSION /States/A/Output'],
    [
      'with $states.errorOutput outside a Catcher',
      pass('{% $states.errorOutput.Error %}'),
      'UNSUPPORTED_JSONATA_EXPRESSION /States/A/Output',
    ],
    [
      'with a variable that nothing assigns',
      pass({ deep: ['{% $nobody %}'] }),
      'UNSUPPORTED_JSONATA_EXPRESSION /States/A/Output/deep/0',
    ],
    ['with $eval', pass("{% $eval('1') %}"), 'UNSUPPORTED_JSONATA_EXPRESSION /States/A/Output'],
    [
      'with a variable of the outside in a Distributed Map',
      machine({
        S: { Type: 'Pass', Assign: { x: 1 }, Next: 'A' },
        A: {
          Type: 'Map',
          ItemProcessor: { ...DISTRIBUTED, States: { In: { Type: 'Pass', Output: '{% $x %}', End: true } } },
          End: true,
        },
      }),
      'UNSUPPORTED_JSONATA_EXPRESSION /States/A/ItemProcessor/States/In/Output',
    ],
    ['with the reserved variable', one({ Assign: { states: 1 } }), 'SCHEMA_VALIDATION_FAILED /States/A/Assign/states'],
    [
      'with a part of a variable assigned',
      one({ Assign: { 'x.y': 1 } }),
      'SCHEMA_VALIDATION_FAILED /States/A/Assign/x.y',
    ],
    [
      'with a variable that hides a function',
      one({ Assign: { count: 1 } }),
      'SCHEMA_VALIDATION_FAILED /States/A/Assign/count',
    ],
    [
      'with an outer variable assigned inside',
      one({
        Type: 'Map',
        Assign: { x: 1 },
        ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', Assign: { x: 2 }, End: true } } },
      }),
      'SCHEMA_VALIDATION_FAILED /States/A/ItemProcessor/States/I/Assign/x',
    ],
    [
      'with a reader of an inline Map',
      map(reader({ ReaderConfig: { InputType: 'JSON' } })),
      'SCHEMA_VALIDATION_FAILED /States/A/ItemReader',
    ],
    [
      'with a tolerance of an inline Map',
      map({ ToleratedFailureCount: 1 }),
      'SCHEMA_VALIDATION_FAILED /States/A/ToleratedFailureCount',
    ],
    [
      'without an execution type',
      map({}, { ...PROCESSOR, ProcessorConfig: { Mode: 'DISTRIBUTED' } }),
      'SCHEMA_VALIDATION_FAILED /States/A/ItemProcessor/ProcessorConfig',
    ],
    ['without a processor', one({ Type: 'Map' }), 'SCHEMA_VALIDATION_FAILED /States/A'],
    [
      'with PARQUET',
      map(reader({ ReaderConfig: { InputType: 'PARQUET' } }), DISTRIBUTED),
      'SCHEMA_VALIDATION_FAILED /States/A/ItemReader/ReaderConfig/InputType',
    ],
    [
      'with LOAD_AND_FLATTEN',
      map(
        reader({ Resource: 'arn:aws:states:::s3:listObjectsV2', ReaderConfig: { Transformation: 'LOAD_AND_FLATTEN' } }),
        DISTRIBUTED,
      ),
      'SCHEMA_VALIDATION_FAILED /States/A/ItemReader/ReaderConfig/Transformation',
    ],
    [
      'with CSV without headers',
      map(reader({ ReaderConfig: { InputType: 'CSV', CSVHeaderLocation: 'GIVEN' } }), DISTRIBUTED),
      'SCHEMA_VALIDATION_FAILED /States/A/ItemReader/ReaderConfig',
    ],
    ['with an empty batcher', map({ ItemBatcher: {} }, DISTRIBUTED), 'SCHEMA_VALIDATION_FAILED /States/A/ItemBatcher'],
    ['with an empty writer', map({ ResultWriter: {} }, DISTRIBUTED), 'SCHEMA_VALIDATION_FAILED /States/A/ResultWriter'],
    [
      'with a label of 41 characters',
      map({ Label: 'l'.repeat(41) }, DISTRIBUTED),
      'SCHEMA_VALIDATION_FAILED /States/A/Label',
    ],
  ])('%s', (_why, definition, problem) => {
    expect(found(definition)).toContain(problem);
  });

  it('with all of its faults at once', () => {
    const faulty = machine({
      A: { Type: 'Pass', Output: '{% nope %}', Next: 'Nowhere' },
      B: { Type: 'Task', Resource: 'x', End: true },
    });

    expect(() => checkDefinition('mine', faulty)).toThrow(
      expect.objectContaining({
        name: 'InvalidDefinition',
        message: expect.stringMatching(
          /'mine'.*\/States\/A\/Next.*\/States\/B.*\/States\/A\/Output.*\/States\/B\/Resource/s,
        ),
      }),
    );
  });
});

/** Also what asl-validator refuses although AWS takes it. */
describe('a definition is accepted', () => {
  it.each([
    [
      'with any JSON as Output',
      machine({
        A: { Type: 'Pass', Output: null, Next: 'B' },
        B: { Type: 'Pass', Output: 1, Next: 'C' },
        C: { Type: 'Pass', Output: [[3]], Next: 'D' },
        D: { Type: 'Succeed', Output: '' },
      }),
    ],
    ['with an expression of several lines', pass('{%\n  $states.input\n    .a\n%}')],
    ['with an expression without blanks', pass('{%1%}')],
    [
      'with a constant condition',
      machine({ A: { Type: 'Choice', Choices: [{ Condition: true, Next: 'B' }] }, B: { Type: 'Succeed' } }),
    ],
    [
      'with an array as ItemSelector and an object as Items',
      map({ ItemSelector: [1, '{% $states.context.Map.Item.Value %}'], Items: { a: 1 } }),
    ],
    ['with a fraction of failures', map({ ToleratedFailurePercentage: 12.5 }, DISTRIBUTED)],
    ['with MaxItems 0', map(reader({ ReaderConfig: { InputType: 'JSON', MaxItems: 0 } }), DISTRIBUTED)],
    ['with a WriterConfig alone', map({ ResultWriter: { WriterConfig: { Transformation: 'FLATTEN' } } }, DISTRIBUTED)],
    ['with a payload that looks like a machine', pass({ States: { X: { Type: 'Pass' } }, StartAt: 'Y' })],
    [
      'with names in later steps, filters and sorts',
      pass("{% $states.input.items[value > 3 and name = 'x']^(>size).{'k': key} %}"),
    ],
    ['with bindings of its own', pass('{% ($f := function($x) { $x * 2 }; $states.input.a@$i#$n.[$f($i), $n]) %}')],
    ['with grouping and chaining', pass('{% $states.input.rows{kind: $sum(n)} ~> $keys() %}')],
    ['with an old Iterator', one({ Type: 'Map', Iterator: PROCESSOR })],
    [
      'with a variable seen in a branch',
      machine({
        S: { Type: 'Pass', Assign: { x: 1 }, Next: 'P' },
        P: {
          Type: 'Parallel',
          Branches: [{ StartAt: 'I', States: { I: { Type: 'Pass', Output: '{% $x %}', End: true } } }],
          End: true,
        },
      }),
    ],
    [
      'with $states.errorOutput in a Catcher',
      task({
        Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput %}', Next: 'B' }],
        Retry: [{ ErrorEquals: ['X'], JitterStrategy: 'FULL', MaxDelaySeconds: 9 }],
      }).replace('"States":{', '"States":{"B":{"Type":"Succeed"},'),
    ],
  ])('%s', (_what, definition) => {
    expect(definitionProblems(definition)).toEqual([]);
  });
});
