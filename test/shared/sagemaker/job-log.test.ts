import { expect, it } from 'vitest';
import { lastWords, trainingLog } from '#shared/sagemaker/job-log.ts';

const wordsOf = (...lines: string[]) => lastWords({ tail: async () => lines }, trainingLog('job'));

it('ends with the script’s own exception, without the toolkit’s report after it', async () => {
  const words = await wordsOf(
    'rows: 100',
    'Traceback (most recent call last):',
    '  File "train.py", line 3, in <module>',
    '    raise ValueError("column 3 is not numeric")',
    'ValueError: column 3 is not numeric',
    '2026-03-01 06:00:00,123 sagemaker-training-toolkit ERROR    Reporting training FAILURE',
    'ExecuteUserScriptError:',
    'ExitCode 1',
    'ErrorMessage ""',
    'Command "/miniconda3/bin/python train.py"',
  );

  expect(words.split('\n').at(0)).toBe('Traceback (most recent call last):');
  expect(words.split('\n').at(-1)).toBe('ValueError: column 3 is not numeric');
});

it('keeps the end of a long traceback', async () => {
  const frames = Array.from({ length: 80 }, (_, index) => `  File "deep.py", line ${index}`);

  const words = await wordsOf('Traceback (most recent call last):', ...frames, 'RecursionError: too deep');

  expect(words.split('\n').length).toBeLessThan(30);
  expect(words).toMatch(/RecursionError: too deep$/);
});

it('gives the last lines where there is no traceback', async () => {
  expect(await wordsOf('killed', '')).toBe('killed');
});

it('says that a log can’t be read, rather than hiding why the job failed', async () => {
  const unreadable = { tail: () => Promise.reject(new Error('AccessDenied: logs:GetLogEvents')) };

  expect(await lastWords(unreadable, trainingLog('job'))).toContain('logs:GetLogEvents');
});
