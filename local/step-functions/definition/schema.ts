import { z } from 'zod';
import { isExpression } from '../jsonata/evaluate.ts';
import { type Diagnostic, schemaFault } from './diagnostic.ts';

/** What is wrong with the shape of a definition: fields that are missing, unknown or of the wrong type or range. */
export const shapeProblems = (definition: unknown): readonly Diagnostic[] => {
  const parsed = MACHINE.safeParse(definition);
  return parsed.success ? [] : parsed.error.issues.flatMap(problemsOf);
};

const problemsOf = (issue: z.core.$ZodIssue): Diagnostic[] => {
  const location = issue.path.map((part) => `/${String(part)}`).join('');
  if (issue.code !== 'unrecognized_keys') return [schemaFault(location, issue.message)];
  return issue.keys.map((key) => schemaFault(`${location}/${key}`, unknownField(key, issue.path)));
};

const unknownField = (key: string, path: readonly PropertyKey[]): string => {
  const isSequence = path.at(-1) === 'ItemProcessor' || path.at(-1) === 'Iterator' || path.at(-2) === 'Branches';
  if (key === 'QueryLanguage' && isSequence) return 'QueryLanguage belongs to the machine or to a state';
  if (JSONPATH_FIELDS.has(key) || key.endsWith('Path')) {
    return `The field '${key}' belongs to JSONPath, not to JSONata; use Arguments, Output, Assign, Items or Condition`;
  }
  return `The field '${key}' is not supported here`;
};

const JSONPATH_FIELDS = new Set(['Parameters', 'Result', 'ResultSelector', 'Variable', 'And', 'Or', 'Not']);

const expression = z.custom<string>(isExpression, { error: 'must be an expression {% … %}' });
const integer = (minimum: number, maximum: number) =>
  z.union([z.int().min(minimum).max(maximum), expression], {
    error: `must be an integer from ${minimum} to ${maximum}, or an expression that gives one`,
  });
const MAX_SECONDS = 99_999_999;

/** Any JSON; keys ending in `.$` would be JSONPath's. */
const template: z.ZodType = z.unknown().superRefine((value, context) => {
  for (const path of pathsOfDollarKeys(value, [])) {
    context.addIssue({
      code: 'custom',
      path,
      message: `A key ending in '.$' belongs to JSONPath; write an expression {% … %}`,
    });
  }
});

function* pathsOfDollarKeys(value: unknown, path: PropertyKey[]): Generator<PropertyKey[]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (!Array.isArray(value) && key.endsWith('.$')) yield [...path, key];
    yield* pathsOfDollarKeys(member, [...path, key]);
  }
}

const assigning = { Output: template.optional(), Assign: z.record(z.string(), template).optional() };
const named = {
  Comment: z.string().optional(),
  QueryLanguage: z
    .literal('JSONata', {
      error: "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
    })
    .optional(),
};
const transition = { Next: z.string().optional(), End: z.literal(true).optional() };

const ERROR_EQUALS = z.array(z.string().min(1)).min(1);

const RETRIER = z.strictObject({
  Comment: z.string().optional(),
  ErrorEquals: ERROR_EQUALS,
  IntervalSeconds: z.int().min(1).max(MAX_SECONDS).optional(),
  MaxAttempts: z.int().min(0).max(MAX_SECONDS).optional(),
  BackoffRate: z.number().min(1).optional(),
  MaxDelaySeconds: z.int().min(1).max(31_622_400).optional(),
  JitterStrategy: z.enum(['NONE', 'FULL']).optional(),
});

const CATCHER = z.strictObject({
  Comment: z.string().optional(),
  ErrorEquals: ERROR_EQUALS,
  Next: z.string(),
  ...assigning,
});

const fallible = { Retry: z.array(RETRIER).optional(), Catch: z.array(CATCHER).optional() };

const PASS = z.strictObject({ Type: z.literal('Pass'), ...named, ...assigning, ...transition });

const TASK = z.strictObject({
  Type: z.literal('Task'),
  ...named,
  ...assigning,
  ...transition,
  ...fallible,
  Resource: z.string().min(1),
  Arguments: template.optional(),
  Credentials: z.unknown().optional(),
  TimeoutSeconds: integer(1, MAX_SECONDS).optional(),
  HeartbeatSeconds: integer(1, MAX_SECONDS).optional(),
});

const CHOICE = z.strictObject({
  Type: z.literal('Choice'),
  ...named,
  ...assigning,
  Choices: z
    .array(
      z.strictObject({
        Comment: z.string().optional(),
        Condition: z.union([z.boolean(), expression], { error: 'must be true, false or an expression {% … %}' }),
        Next: z.string(),
        ...assigning,
      }),
    )
    .min(1),
  Default: z.string().optional(),
});

const WAIT = z
  .strictObject({
    Type: z.literal('Wait'),
    ...named,
    ...assigning,
    ...transition,
    Seconds: integer(0, MAX_SECONDS).optional(),
    Timestamp: z.string().optional(),
  })
  .refine((state) => (state.Seconds === undefined) !== (state.Timestamp === undefined), {
    error: 'A Wait state must have exactly one of Seconds and Timestamp',
  });

const PARALLEL = z.strictObject({
  Type: z.literal('Parallel'),
  ...named,
  ...assigning,
  ...transition,
  ...fallible,
  Arguments: template.optional(),
  Branches: z.array(z.strictObject({ Comment: z.string().optional(), ...sequence() })).min(1),
});

const PROCESSOR = z.strictObject({
  Comment: z.string().optional(),
  ProcessorConfig: z
    .union(
      [
        z.strictObject({ Mode: z.literal('INLINE').optional() }),
        z.strictObject({ Mode: z.literal('DISTRIBUTED'), ExecutionType: z.enum(['STANDARD', 'EXPRESS']) }),
      ],
      { error: 'must be {"Mode": "INLINE"}, or {"Mode": "DISTRIBUTED"} with an ExecutionType of STANDARD or EXPRESS' },
    )
    .optional(),
  ...sequence(),
});

const MAP = z
  .strictObject({
    Type: z.literal('Map'),
    ...named,
    ...assigning,
    ...transition,
    ...fallible,
    Items: z
      .union([z.array(template), z.record(z.string(), template), expression], {
        error: 'must be an array, an object or an expression {% … %}',
      })
      .optional(),
    ItemReader: z
      .strictObject({
        Resource: z.string(),
        Arguments: template.optional(),
        ReaderConfig: z
          .strictObject({
            InputType: z.string().optional(),
            Transformation: z.string().optional(),
            MaxItems: integer(0, 100_000_000).optional(),
            ItemsPointer: z.string().optional(),
            CSVHeaderLocation: z.enum(['FIRST_ROW', 'GIVEN']).optional(),
            CSVHeaders: z.array(z.string()).min(1).optional(),
            CSVDelimiter: z.enum(['COMMA', 'PIPE', 'SEMICOLON', 'SPACE', 'TAB']).optional(),
          })
          .optional(),
      })
      .optional(),
    ItemSelector: template.optional(),
    ItemBatcher: z
      .strictObject({
        MaxItemsPerBatch: integer(1, 100_000_000).optional(),
        MaxInputBytesPerBatch: integer(1, 262_144).optional(),
        BatchInput: template.optional(),
      })
      .optional(),
    ItemProcessor: PROCESSOR.optional(),
    Iterator: PROCESSOR.optional(),
    ResultWriter: z
      .strictObject({
        Resource: z.string().optional(),
        Arguments: template.optional(),
        WriterConfig: z
          .strictObject({
            Transformation: z.enum(['NONE', 'COMPACT', 'FLATTEN']).optional(),
            OutputType: z.enum(['JSON', 'JSONL']).optional(),
          })
          .optional(),
      })
      .optional(),
    MaxConcurrency: integer(0, Number.MAX_SAFE_INTEGER).optional(),
    ToleratedFailureCount: integer(0, Number.MAX_SAFE_INTEGER).optional(),
    ToleratedFailurePercentage: z
      .union([z.number().min(0).max(100), expression], {
        error: 'must be a number from 0 to 100, or an expression that gives one',
      })
      .optional(),
    Label: z.string().min(1).max(40).optional(),
  })
  .refine((state) => (state.ItemProcessor === undefined) !== (state.Iterator === undefined), {
    error: 'A Map state must have an ItemProcessor',
  });

const SUCCEED = z.strictObject({ Type: z.literal('Succeed'), ...named, Output: template.optional() });

const FAIL = z.strictObject({
  Type: z.literal('Fail'),
  ...named,
  Error: z.string().optional(),
  Cause: z.string().optional(),
});

const STATE: z.ZodType = z.discriminatedUnion('Type', [PASS, TASK, CHOICE, WAIT, PARALLEL, MAP, SUCCEED, FAIL], {
  error: ({ input }) =>
    `A state's Type must be Pass, Task, Choice, Wait, Parallel, Map, Succeed or Fail, but is ${JSON.stringify((input as { Type?: unknown })?.Type)}`,
});

/** A function, because states hold sequences that hold states. */
function sequence() {
  return {
    StartAt: z.string(),
    States: z
      .record(
        z.string(),
        z.lazy(() => STATE),
      )
      .refine((states) => Object.keys(states).length > 0, { error: 'must hold a state' }),
  };
}

const MACHINE = z.strictObject({
  Comment: z.string().optional(),
  Version: z.literal('1.0').optional(),
  QueryLanguage: z.literal('JSONata'),
  TimeoutSeconds: z.int().min(1).max(MAX_SECONDS).optional(),
  ...sequence(),
});
