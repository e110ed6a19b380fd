import { afterEach, expect, it, vi } from 'vitest';
import { main } from '#cli/fedml.ts';
import { EXIT } from '#cli/usage.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it.each([
  ['without a run to go back to', ['rollback', 'flights'], /^Usage: fedml rollback <pipeline> --to <run>/],
  ['for a pipeline that keeps no versions', ['rollback', 'flights', '--to', 'run-1'], /no versions to go back to/],
  ['for a pipeline that there is not', ['rollback', 'flihgts', '--to', 'run-1'], /flights/],
])('rollback is refused %s, and starts nothing', async (_, argv, message) => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);

  const code = await main(argv);

  expect(code).toBe(EXIT.wrongInput);
  expect(String(stderr.mock.calls[0]![0])).toMatch(message);
});
