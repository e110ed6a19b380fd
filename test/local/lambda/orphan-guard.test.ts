import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { startOrphanGuard } from '#local/lambda/orphan-guard.ts';

it('kills at its end the groups that it still watches, and no other', async () => {
  const guard = startOrphanGuard();
  const children = Array.from({ length: 4 }, () => spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }));
  const [first, second, third, unknown] = children as [(typeof children)[0], ...typeof children];
  for (const child of [first, second!, third!]) guard.watch(child.pid!);
  guard.forget(second!.pid!);
  const exits = [first, third!].map((child) => once(child, 'exit'));

  await guard.close();

  expect(await Promise.all(exits)).toEqual([
    [null, 'SIGKILL'],
    [null, 'SIGKILL'],
  ]);
  expect([second!, unknown!].map(({ signalCode }) => signalCode)).toEqual([null, null]);
  for (const child of [second!, unknown!]) child.kill('SIGKILL');
});
