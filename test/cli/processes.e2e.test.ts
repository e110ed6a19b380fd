import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pipelinesFromTiny } from '#test/e2e/pipelines-from-tiny.ts';
import { descendantsOf, type FedmlProcess, type Folders, startFedml, survivorsOf } from './fedml-process.ts';

/** A training script that takes longer than any test. */
const SLOW = 'import time\nprint("training", flush=True)\ntime.sleep(600)\n';

describe('fedml as a process', () => {
  let folders: Folders;
  const started: FedmlProcess[] = [];
  const fedml = (...args: string[]): FedmlProcess => {
    const process = startFedml(args, folders);
    started.push(process);
    return process;
  };
  const run = async (...args: string[]) => {
    const process = fedml(...args);
    return { exitCode: await process.exitCode, output: process.output() };
  };

  beforeAll(async () => {
    folders = {
      stateDir: await mkdtemp(join(tmpdir(), 'fedml-cli-')),
      pipelinesDir: await pipelinesFromTiny({ slow: { files: { 'train.py': SLOW } } }),
    };
  });

  afterEach(async () => {
    for (const { child, exitCode } of started.splice(0)) {
      child.kill('SIGKILL');
      await exitCode;
    }
  });

  afterAll(async () => {
    await rm(folders.pipelinesDir, { recursive: true, force: true });
    await rm(folders.stateDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });

  it('leaves no process behind when it is killed in the middle of a run, and starts again on the same folder', async () => {
    const killed = fedml('run', 'slow');
    await killed.printed('SealDataset');
    const orphans = await waitFor(() => {
      const found = descendantsOf(killed.child.pid!);
      return found.some(({ command }) => command.includes('runner.py')) ? found : undefined;
    });
    killed.child.kill('SIGKILL');
    await killed.exitCode;

    const survivors = await survivorsOf(orphans);
    const { exitCode, output } = await run('runs');

    const kinds = ['runner.py', 'hana/process.ts', 'lambda/runtime.ts'];
    expect(kinds.filter((kind) => !orphans.some(({ command }) => command.includes(kind)))).toEqual([]);
    expect(survivors).toEqual([]);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/slow-\S+\s+slow\s+full\s+running/);
  });

  it('stops its run at Ctrl-C, says so, and leaves nothing behind', async () => {
    const interrupted = fedml('run', 'slow');
    await interrupted.printed('SealDataset');
    const children = descendantsOf(interrupted.child.pid!);
    interrupted.child.kill('SIGINT');

    expect(await interrupted.exitCode).toBe(130);
    expect(interrupted.output()).toMatch(/The run slow-\S+ was stopped\./);
    expect(await survivorsOf(children)).toEqual([]);
  });

  it('comes to its result when nobody reads what it says on the way', async () => {
    const unread = fedml('runs');
    unread.child.stderr!.destroy();

    expect(await unread.exitCode).toBe(0);
    expect(unread.output()).toMatch(/^RUN +PIPELINE/);
  });

  it('keeps a cloud that other commands use, until SIGTERM', async () => {
    const up = fedml('up');
    await up.printed('Ctrl-C ends');
    const rows = join(folders.stateDir, 'rows.csv');
    await writeFile(rows, 'Biscoe,50.0,15.0,220,5000,MALE\nTorgersen,39.1,18.7,181,3750,MALE\n');
    const { mode } = await stat(join(folders.stateDir, 'cloud.json'));

    const second = await run('up');
    const before = await run('predict', 'tiny', '--file', rows);
    const ran = await run('run', 'tiny', '--set', 'deployment.smokeTestRows=5');
    const predicted = await run('predict', 'tiny', '--file', rows);
    const queried = await run('query', 'SELECT COUNT(*) AS ROWS_WRITTEN FROM PENGUIN_SPECIES', '--json');
    const deployments = await run('deployments');
    const unknown = await run('runs', '--pipeline', 'tinny');
    const failed = await run('run', 'tiny', '--mode', 'train', '--set', 'training.hyperparameters.spoil=true');
    const shown = await run('show');
    const undeployed = await run('undeploy', 'tiny');
    up.child.kill('SIGTERM');

    expect(mode & 0o077).toBe(0);
    expect(second).toMatchObject({
      exitCode: 2,
      output: expect.stringContaining(`Process ${up.child.pid} has a cloud`),
    });
    expect(before).toMatchObject({ exitCode: 2, output: expect.stringContaining('has no model to score with') });
    expect(ran.exitCode).toBe(0);
    expect(ran.output).toMatch(/✓ deployment SmokeTest .* 5 rows answered/);
    expect(ran.output).toMatch(/written +34 rows to FLIGHTS#FEDML\.PENGUIN_SPECIES/);
    expect(predicted).toMatchObject({
      exitCode: 0,
      output: expect.stringMatching(/^Gentoo,0\.\d+\nAdelie,0\.\d+\n$/),
    });
    expect(JSON.parse(queried.output)).toEqual([{ ROWS_WRITTEN: 34 }]);
    const runId = /^ +run +(tiny-\S+),/m.exec(ran.output)![1]!;
    expect(deployments.output).toMatch(new RegExp(`^tiny +sagemaker +tiny-local +tiny-\\S+ +${runId} +InService`, 'm'));
    expect(undeployed.output).toContain('deleted endpoint tiny-local');
    expect(unknown).toMatchObject({ exitCode: 2, output: expect.stringContaining('Did you mean tiny?') });
    expect(failed.exitCode).toBe(1);
    expect(failed.output).toMatch(/Gate not passed\n.*accuracy.*\n\n +record +s3:\/\/\S+run\.json/);
    expect(shown.output).toMatch(/outcome +gate not passed/);
    expect(await up.exitCode).toBe(0);
    expect(descendantsOf(up.child.pid!)).toEqual([]);
  });
});

/** Asks again until there is an answer; the test's own timeout gives up. */
const waitFor = async <T>(ask: () => T | undefined): Promise<T> => {
  for (;;) {
    const answer = ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
