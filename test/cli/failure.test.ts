import { expect, it } from 'vitest';
import { messageOf } from '#cli/error-message.ts';
import { failureLines } from '#cli/failure.ts';
import { InterruptedError } from '#cli/interruption.ts';
import { InvalidInputError, WarehouseUnavailableError } from '#shared/errors.ts';
import { recordingTerminal } from './recording-terminal.ts';

const out = recordingTerminal();

it('prints a cause of many lines as lines', () => {
  expect(
    failureLines({ error: 'TrainingFailedError', cause: 'Traceback:\n  File "train.py"\nValueError: x' }, out),
  ).toEqual(['  TrainingFailedError', '    Traceback:', '      File "train.py"', '    ValueError: x']);
});

it('shows what a script has sent to move the cursor or turn the writing around, and keeps lines and tabs', () => {
  const cause = 'Traceback:\r\n\tx = 1\nValueError: \x1b[2J\x1b]0;title\x07 \u202Ex';

  const [, ...lines] = failureLines({ error: 'TrainingFailedError', cause }, out);
  const { text } = messageOf(new WarehouseUnavailableError(cause));

  expect(lines).toEqual(['    Traceback:', '    \tx = 1', '    ValueError: \\u001b[2J\\u001b]0;title\\u0007 \\u202ex']);
  expect(text).toContain('ValueError: \\u001b[2J');
});

it('unwraps the report of a Lambda function, and leaves what only looks like one', () => {
  const report = JSON.stringify({ errorType: 'Error', errorMessage: 'no\nroom', trace: [] });

  expect(failureLines({ error: 'Error', cause: report }, out)).toEqual(['  Error', '    no', '    room']);
  expect(failureLines({ error: 'Error', cause: '{"a": ' }, out)).toEqual(['  Error', '    {"a":']);
});

it('says in words that a gate is not passed', () => {
  expect(failureLines({ error: 'GateNotPassedError', cause: 'auc is 0.5' }, out)[0]).toBe('  Gate not passed');
});

it.each([
  ['a mistake', new InvalidInputError('no such mode'), 2, /^no such mode$/],
  ['a warehouse that is away', new WarehouseUnavailableError('no answer'), 1, /^WarehouseUnavailableError: no answer$/],
  ['a cloud that has ended', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 1, /has ended meanwhile/],
  [
    'a cloud that has ended, on two addresses',
    new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]),
    1,
    /has ended meanwhile/,
  ],
  [
    'a full disk',
    new Error('x', { cause: Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }) }),
    1,
    /^There is no room left on the disk \(ENOSPC: no space left\)\. Make some.*FEDML_STATE_DIR/,
  ],
  ['a bug', new TypeError('x is undefined'), 1, /bug[\s\S]*TypeError: x is undefined\n +at /],
])('tells %s from the others', (_, error, exitCode, text) => {
  expect(messageOf(error)).toEqual({ exitCode, text: expect.stringMatching(text) });
});

it('says nothing of an interruption, and ends as shells expect', () => {
  expect(messageOf(new InterruptedError('Interrupted by SIGINT.', 130))).toEqual({ exitCode: 130 });
});
