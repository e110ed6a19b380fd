import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenStepFunctions, openStepFunctions, typesOf } from '#test/local/step-functions/open-step-functions.ts';

let sfn: OpenStepFunctions;

beforeAll(async () => {
  sfn = await openStepFunctions();
});

afterAll(() => sfn[Symbol.asyncDispose]());

/** A machine of one state. */
const one = (state: object) => ({ StartAt: 'Only', States: { Only: { End: true, ...state } } });

describe('expressions and variables', () => {
  it('evaluates the functions of Step Functions, keeps variables, and chooses by them', async () => {
    const machine = {
      StartAt: 'Compute',
      States: {
        Compute: {
          Type: 'Pass',
          Assign: { total: '{% $sum($states.input.numbers) %}' },
          Output: {
            sq: '{% $map($states.input.numbers, function($n) { $n * $n }) %}',
            part: '{% $partition($states.input.numbers, 2) %}',
            rng: '{% $range(1, 5, 2) %}',
            filt: '{% $states.input.rows[v > 3].k %}',
            hash: "{% $hash('a', 'SHA-256') %}",
            parsed: '{% $parse(\'{"deep": [1, null]}\') %}',
          },
          Next: 'Choose',
        },
        Choose: { Type: 'Choice', Choices: [{ Condition: '{% $total = 6 %}', Next: 'Report' }], Default: 'Wrong' },
        Wrong: { Type: 'Fail' },
        Report: {
          Type: 'Pass',
          Output: '{% $merge([$states.input, {"total": $total, "state": $states.context.State.Name}]) %}',
          End: true,
        },
      },
    };

    const { value } = await sfn.run(machine, {
      numbers: [1, 2, 3],
      rows: [
        { k: 'a', v: 1 },
        { k: 'b', v: 9 },
      ],
    });

    expect(value).toEqual({
      sq: [1, 4, 9],
      part: [[1, 2], [3]],
      rng: [1, 3, 5],
      filt: 'b',
      hash: 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
      parsed: { deep: [1, null] },
      total: 6,
      state: 'Report',
    });
  });

  it('assigns all variables at once, as they were on entry', async () => {
    const swap = { a: '{% $b %}', b: '{% $a %}' };
    const machine = {
      StartAt: 'Set',
      States: {
        Set: { Type: 'Pass', Assign: { a: 1, b: 2 }, Next: 'Swap' },
        Swap: { Type: 'Pass', Assign: swap, Output: { during: '{% [$a, $b] %}' }, Next: 'Tell' },
        Tell: { Type: 'Succeed', Output: { after: '{% [$a, $b] %}', during: '{% $states.input.during %}' } },
      },
    };

    const { value } = await sfn.run(machine);

    expect(value).toEqual({ during: [1, 2], after: [2, 1] });
  });

  it("takes the matching rule's Assign and Output and leaves the state's for the default", async () => {
    const machine = {
      StartAt: 'Choose',
      States: {
        Choose: {
          Type: 'Choice',
          Choices: [
            { Condition: '{% $states.input.n > 5 %}', Assign: { size: 'big' }, Output: { by: 'rule' }, Next: 'Tell' },
          ],
          Assign: { size: 'small' },
          Output: { by: 'state' },
          Default: 'Tell',
        },
        Tell: { Type: 'Succeed', Output: { by: '{% $states.input.by %}', size: '{% $size %}' } },
      },
    };

    const outputs = await Promise.all([9, 1].map(async (n) => (await sfn.run(machine, { n })).value));

    expect(outputs).toEqual([
      { by: 'rule', size: 'big' },
      { by: 'state', size: 'small' },
    ]);
  });

  it('tells the execution, the machine and the state in the context object', async () => {
    const executionArn = await sfn.start(one({ Type: 'Pass', Output: '{% $states.context %}' }), { in: 1 });

    const { value } = await sfn.closed(executionArn);

    expect(value).toMatchObject({
      Execution: {
        Id: executionArn,
        Input: { in: 1 },
        Name: executionArn.split(':').at(-1),
        RoleArn: 'arn:aws:iam::000000000000:role/test',
        RedriveCount: 0,
      },
      StateMachine: { Name: executionArn.split(':').at(-2) },
      State: { Name: 'Only', RetryCount: 0 },
    });
    const { Execution, State } = value as { Execution: { StartTime: string }; State: { EnteredTime: string } };
    expect(Date.parse(State.EnteredTime)).toBeGreaterThanOrEqual(Date.parse(Execution.StartTime));
    expect(executionArn).toMatch(/^arn:aws:states:eu-central-1:000000000000:execution:machine-\d+:[\w-]+$/);
  });

  it.each([
    ['nothing', '{% $states.input.nope %}', /'Output\/v'.*returned nothing \(undefined\)/],
    ['a wrong type', "{% 1 + 'a' %}", /T2002/],
    ['a function', '{% $sum %}', /function/],
  ])('fails the state when an expression gives %s', async (_what, expression, cause) => {
    const executionArn = await sfn.start(one({ Type: 'Pass', Output: { v: expression } }));

    const { status, error, cause: told } = await sfn.closed(executionArn);

    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(told).toMatch(/^An error occurred while executing the state 'Only' \(entered at the event id #2\)\. /);
    expect(told).toMatch(cause);
    const failed = (await sfn.history(executionArn)).find(({ type }) => type === 'EvaluationFailed');
    expect(failed?.evaluationFailedEventDetails).toMatchObject({ state: 'Only', location: 'Output/v' });
  });

  it('keeps null and writes numbers without a JSON form as text', async () => {
    const { value } = await sfn.run(
      one({ Type: 'Pass', Output: { none: null, infinite: '{% 1/0 %}', plain: 'text' } }),
    );

    expect(value).toEqual({ none: null, infinite: 'Infinity', plain: 'text' });
  });

  it('refuses to carry more than 256 KiB, which only its own name catches', async () => {
    const big = { Type: 'Pass', Output: "{% $pad('', 262143, 'x') %}" };

    const [failed, fits] = await Promise.all([
      sfn.run(one(big)),
      sfn.run(one({ ...big, Output: "{% $pad('', 262142, 'x') %}" })),
    ]);

    expect(failed).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    expect(fits.status).toBe('SUCCEEDED');
  });
});

describe('Choice, Wait, Fail and Succeed', () => {
  it('fails without a matching rule and a Default, and a Catch around it does not see that', async () => {
    const branch = {
      StartAt: 'Choose',
      States: {
        Choose: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.x = 1 %}', Next: 'Never' }] },
        Never: { Type: 'Succeed' },
      },
    };
    const machine = {
      StartAt: 'Around',
      States: {
        Around: {
          Type: 'Parallel',
          Branches: [branch],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Succeed' },
      },
    };

    const { status, error } = await sfn.run(machine, { x: 2 });

    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.Runtime' });
  });

  it('waits its seconds, and not at all for a time in the past', async () => {
    const started = performance.now();
    const past = await sfn.run(one({ Type: 'Wait', Timestamp: '2020-01-01T00:00:00Z' }), 'kept');
    const pastTook = performance.now() - started;
    const executionArn = await sfn.start(one({ Type: 'Wait', Seconds: '{% $states.input.seconds %}' }), { seconds: 1 });
    const { startDate, stopDate } = await sfn.closed(executionArn);

    expect(past.value).toBe('kept');
    expect(pastTook).toBeLessThan(900);
    expect(stopDate!.getTime() - startDate!.getTime()).toBeGreaterThanOrEqual(950);
  });

  it.each([{ Seconds: '{% -1 %}' }, { Seconds: '{% 1.5 %}' }, { Timestamp: "{% '2026-11-24 09:00' %}" }])(
    'refuses to wait for %o',
    async (fields) => {
      const { error } = await sfn.run(one({ Type: 'Wait', ...fields }));

      expect(error).toBe('States.QueryEvaluationError');
    },
  );

  it('passes the error and cause of a Fail state on unchanged', async () => {
    const { status, error, cause } = await sfn.run(
      { StartAt: 'F', States: { F: { Type: 'Fail', Error: 'Own', Cause: "{% 'at ' & $states.input.at %}" } } },
      { at: 'noon' },
    );

    expect({ status, error, cause }).toEqual({ status: 'FAILED', error: 'Own', cause: 'at noon' });
  });
});

describe('Parallel', () => {
  it('gives the outputs of its branches in their order, with the outer variables', async () => {
    const machine = {
      StartAt: 'Set',
      States: {
        Set: { Type: 'Pass', Assign: { base: 10 }, Next: 'Both' },
        Both: {
          Type: 'Parallel',
          Arguments: { n: 1 },
          Branches: [
            {
              StartAt: 'Slow',
              States: {
                Slow: { Type: 'Wait', Seconds: 0, Next: 'A' },
                A: { Type: 'Pass', Output: '{% $base + $states.input.n %}', End: true },
              },
            },
            {
              StartAt: 'B',
              States: {
                B: { Type: 'Pass', Assign: { inner: 2 }, Next: 'C' },
                C: { Type: 'Pass', Output: '{% $base * $inner %}', End: true },
              },
            },
          ],
          Output: { both: '{% $states.result %}' },
          End: true,
        },
      },
    };

    const { value } = await sfn.run(machine);

    expect(value).toEqual({ both: [11, 20] });
  });

  it('aborts the other branches at the first failure, catches it, and assigns in the outer scope', async () => {
    const machine = {
      StartAt: 'Both',
      States: {
        Both: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'Long', States: { Long: { Type: 'Wait', Seconds: 60, End: true } } },
            { StartAt: 'Boom', States: { Boom: { Type: 'Fail', Error: 'Boom', Cause: 'why' } } },
          ],
          Catch: [
            { ErrorEquals: ['Other'], Next: 'Tell' },
            {
              ErrorEquals: ['States.ALL'],
              Assign: { caught: '{% $states.errorOutput.Error %}' },
              Output: '{% $states.errorOutput %}',
              Next: 'Tell',
            },
          ],
          End: true,
        },
        Tell: { Type: 'Succeed', Output: { caught: '{% $caught %}', output: '{% $states.input %}' } },
      },
    };
    const executionArn = await sfn.start(machine);

    const { value } = await sfn.closed(executionArn);

    expect(value).toEqual({ caught: 'Boom', output: { Error: 'Boom', Cause: 'why' } });
    expect(typesOf(await sfn.history(executionArn))).toEqual(
      expect.arrayContaining(['WaitStateAborted', 'ParallelStateFailed']),
    );
  });
});

describe('inline Map', () => {
  it('gives every iteration its selected input and the outer variables, and keeps the order', async () => {
    const machine = {
      StartAt: 'Set',
      States: {
        Set: { Type: 'Pass', Assign: { factor: 10 }, Next: 'Each' },
        Each: {
          Type: 'Map',
          Items: '{% $states.input.items %}',
          MaxConcurrency: 2,
          ItemSelector: {
            index: '{% $states.context.Map.Item.Index %}',
            value: '{% $states.context.Map.Item.Value * $factor %}',
          },
          ItemProcessor: { StartAt: 'One', States: { One: { Type: 'Pass', End: true } } },
          End: true,
        },
      },
    };

    const { value } = await sfn.run(machine, { items: [3, 1, 2] });

    expect(value).toEqual([
      { index: 0, value: 30 },
      { index: 1, value: 10 },
      { index: 2, value: 20 },
    ]);
  });

  it('iterates over the pairs of an object', async () => {
    const machine = one({
      Type: 'Map',
      Items: { x: 1, y: 2 },
      ItemSelector: { key: '{% $states.context.Map.Item.Key %}', item: '{% $states.context.Map.Item.Value %}' },
      ItemProcessor: { StartAt: 'One', States: { One: { Type: 'Pass', End: true } } },
    });

    const { value } = await sfn.run(machine);

    expect(value).toEqual([
      { key: 'x', item: { Key: 'x', Value: 1 } },
      { key: 'y', item: { Key: 'y', Value: 2 } },
    ]);
  });

  it('fails with the error of the first iteration that fails, and starts no more', async () => {
    const executionArn = await sfn.start(
      one({
        Type: 'Map',
        MaxConcurrency: 1,
        ItemProcessor: {
          StartAt: 'F',
          States: { F: { Type: 'Fail', Error: 'Bad', Cause: '{% $string($states.input) %}' } },
        },
      }),
      [1, 2, 3],
    );

    const { error, cause } = await sfn.closed(executionArn);

    expect({ error, cause }).toEqual({ error: 'Bad', cause: '1' });
    expect(typesOf(await sfn.history(executionArn)).filter((type) => type === 'MapIterationStarted')).toHaveLength(1);
  });

  it('refuses items that are no array, as a filter that matches one item gives', async () => {
    const machine = one({
      Type: 'Map',
      Items: '{% $states.input[v > 1].v %}',
      ItemProcessor: { StartAt: 'One', States: { One: { Type: 'Pass', End: true } } },
    });

    const { error } = await sfn.run(machine, [{ v: 1 }, { v: 2 }]);

    expect(error).toBe('States.QueryEvaluationError');
  });

  it('runs 1,000 Pass states fast', async () => {
    const machine = one({
      Type: 'Map',
      Items: '{% [1..1000] %}',
      ItemProcessor: {
        StartAt: 'One',
        States: { One: { Type: 'Pass', Output: '{% $states.input * 2 %}', End: true } },
      },
    });
    await sfn.run(machine);
    const started = performance.now();

    const { value } = await sfn.run(machine);

    expect((value as number[]).at(-1)).toBe(2000);
    expect(performance.now() - started).toBeLessThan(1000); // 40 ms on an idle machine
  });
});

it('ends an execution whose history is full', { timeout: 60_000 }, async () => {
  const machine = {
    StartAt: 'A',
    States: {
      A: { Type: 'Pass', Next: 'B' },
      B: { Type: 'Choice', Choices: [{ Condition: true, Next: 'A' }], Default: 'C' },
      C: { Type: 'Succeed' },
    },
  };
  const executionArn = await sfn.start(machine);

  const { status, error, cause } = await sfn.closed(executionArn);

  expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.Runtime' });
  expect(cause).toContain('maximum number of history events (25000)');
  expect(await sfn.history(executionArn)).toHaveLength(25_000);
});
