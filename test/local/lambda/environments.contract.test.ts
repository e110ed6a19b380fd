import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PERSON } from '#test/local/iam/test-iam.ts';
import { isAlive } from '#test/local/is-alive.ts';
import { FIXTURES, fixture, type OpenLambda, openLambda } from './open-lambda.ts';

describe('an environment that dies', () => {
  let lambda: OpenLambda;

  beforeAll(async () => {
    lambda = await openLambda({
      functions: {
        hang: fixture('hang', { timeoutSeconds: 1 }),
        exit: fixture('exit'),
        crash: fixture('crash'),
        exhaustMemory: fixture('exhaustMemory', { memorySizeMb: 128 }),
        rejectLater: fixture('rejectLater'),
        missing: fixture('handler', { handlerFile: join(FIXTURES, 'missing-import.ts') }),
        throwsAtImport: fixture('handler', { handlerFile: join(FIXTURES, 'throws-at-import.ts') }),
        notThere: fixture('notThere'),
        notAFunction: fixture('notAFunction'),
        callback: fixture('callback'),
        wait: fixture('wait', { timeoutSeconds: 1 }),
        failAfterwards: fixture('failAfterwards'),
      },
    });
  });

  afterAll(() => lambda.close());

  it.each([
    ['hang', {}, 'Sandbox.Timedout', 'RequestId: ID Error: Task timed out after 1.00 seconds'],
    ['exit', { code: 3 }, 'Runtime.ExitError', 'RequestId: ID Error: Runtime exited with error: exit status 3'],
    ['exit', { code: 0 }, 'Runtime.ExitError', 'RequestId: ID Error: Runtime exited without providing a reason'],
    ['crash', {}, 'Runtime.ExitError', 'RequestId: ID Error: Runtime exited with error: signal: segmentation fault'],
    ['exhaustMemory', {}, 'Runtime.OutOfMemory', 'RequestId: ID Error: Runtime exited with error: signal: aborted'],
  ])('by %s %j is reported as %s', async (functionName, event, errorType, message) => {
    const { FunctionError, body, $metadata } = await lambda.invoke(functionName, event);

    expect(FunctionError).toBe('Unhandled');
    expect(body).toEqual({ errorType, errorMessage: message.replace('ID', $metadata.requestId!) });
  });

  it.each([
    ['rejectLater', 'Runtime.UnhandledPromiseRejection', /^nobody waits for me$/],
    ['missing', 'Runtime.ImportModuleError', /Cannot find module .*no-such-file\.ts/],
    ['throwsAtImport', 'InvalidConfigError', /^BUCKET is not set$/],
    ['notThere', 'Runtime.HandlerNotFound', /does not export a function "notThere"; it exports .*echo/],
    ['notAFunction', 'Runtime.HandlerNotFound', /does not export a function "notAFunction"/],
    ['callback', 'Runtime.CallbackHandlerDeprecated', /Return a promise instead/],
  ])('by %s is reported as %s', async (functionName, errorType, errorMessage) => {
    const { FunctionError, body } = await lambda.invoke(functionName, {});

    expect(FunctionError).toBe('Unhandled');
    expect(body).toMatchObject({ errorType, errorMessage: expect.stringMatching(errorMessage) });
  });

  it('is replaced for the next event', async () => {
    const before = await lambda.invoke('wait', { ms: 0 });
    const { body } = await lambda.invoke('wait', { ms: 1500 });
    const after = await lambda.invoke('wait', { ms: 0 });

    expect(body.errorType).toBe('Sandbox.Timedout');
    expect(after.body).toEqual(expect.any(Number));
    expect(after.body).not.toBe(before.body);
    expect(isAlive(before.body)).toBe(false);
  });

  it('between two events does not fail the second', async () => {
    const { body: first } = await lambda.invoke('failAfterwards', { ms: 0 });
    await sleep(200);

    const { body: second } = await lambda.invoke('failAfterwards', { ms: 0 });

    expect([first, second]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(second).not.toBe(first);
  });

  it('leaves its reason in the function’s log', async () => {
    await lambda.invoke('exit', { code: 7 });

    const log = await readFile(join(lambda.dataDir, 'logs', 'exit.log'), 'utf8');
    expect(log).toMatch(/START .*\n.* Runtime\.ExitError .*exit status 7\nEND .*\nREPORT .*Status: error\n$/);
  });
});

describe('concurrency', () => {
  let lambda: OpenLambda;

  afterEach(() => lambda.close());

  it('gives each event that runs at the same time an environment of its own', async () => {
    lambda = await openLambda({ functions: { wait: fixture('wait') }, maxConcurrency: 3 });

    const results = await Promise.all([1, 2, 3].map(() => lambda.invoke('wait', { ms: 600 })));

    expect(new Set(results.map(({ body }) => body)).size).toBe(3);
  });

  it('queues what goes beyond the reserved concurrency and loses nothing', async () => {
    lambda = await openLambda({ functions: { wait: fixture('wait', { reservedConcurrency: 1 }) } });

    const results = await Promise.all([1, 2, 3, 4].map(() => lambda.invoke('wait', { ms: 10 })));

    expect(new Set(results.map(({ body }) => body)).size).toBe(1);
  });

  it('lets other functions pass one that is at its reserved concurrency', async () => {
    const functions = { slow: fixture('wait', { reservedConcurrency: 1 }), fast: fixture('echo') };
    lambda = await openLambda({ functions, maxConcurrency: 2 });
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);

    await Promise.all([
      lambda.invoke('slow', { ms: 500 }).then(note('slow')),
      lambda.invoke('slow', { ms: 500 }).then(note('slow')),
      lambda.invoke('fast', {}).then(note('fast')),
    ]);

    expect(order[0]).toBe('fast');
  });

  it('keeps one of each function warm, however many a run passes through in turn', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `step${index}`);
    const functions = Object.fromEntries(names.map((name) => [name, fixture('wait')]));
    lambda = await openLambda({ functions, maxConcurrency: 1 });
    const runThrough = async (): Promise<unknown[]> => {
      const pids = [];
      for (const name of names) pids.push((await lambda.invoke(name, { ms: 0 })).body);
      return pids;
    };

    const first = await runThrough();

    expect(await runThrough()).toEqual(first);
  });

  it('ends an environment that has been idle for long', async () => {
    lambda = await openLambda({ functions: { wait: fixture('wait') }, idleSeconds: 0.1 });

    const { body: pid } = await lambda.invoke('wait', { ms: 0 });

    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5000);
    await vi.waitFor(async () => expect(await readdir(join(lambda.dataDir, 'tmp'))).toEqual([]));
  });
});

describe('the end of the host', () => {
  it('kills the environments, what they started and the events that run', async () => {
    const functions = { wait: fixture('wait'), hang: fixture('hang'), leaveChildBehind: fixture('leaveChildBehind') };
    const dataDir = await mkdtemp(join(tmpdir(), 'lambda-'));
    const lambda = await openLambda({ dataDir, functions });
    const { body: environment } = await lambda.invoke('wait', { ms: 0 });
    const { body: grandchild } = await lambda.invoke('leaveChildBehind', {});
    const hanging = lambda.invoke('hang', {}).catch((error: unknown) => error);

    await lambda.close();

    expect(await hanging).toBeInstanceOf(Error);
    expect([environment, grandchild].map(isAlive)).toEqual([false, false]);
    expect(await readdir(join(dataDir, 'tmp'))).toEqual([]);
    await rm(dataDir, { recursive: true });
  });

  it('by SIGKILL leaves no process behind, not even one in an endless loop', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'lambda-'));
    const host = spawn(process.execPath, [join(FIXTURES, 'host.ts'), dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(host.stdout), 'line')) as [string];
    const pids: number[] = JSON.parse(line);
    expect(pids.map(isAlive)).toEqual([true, true]);

    host.kill('SIGKILL');

    await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]), 5000);
    await rm(dataDir, { recursive: true });
  });
});

describe('a function table with mistakes', () => {
  it('is refused with all of them', async () => {
    const environment = { PATH: '/bin', AWS_SESSION_TOKEN: 'of another', COPY: `a ${PERSON.secretAccessKey} in it` };
    const functions = {
      'a b': fixture('echo', { handlerFile: 'handlers.ts' }),
      slow: fixture('echo', { timeoutSeconds: 901, memorySizeMb: 64, environment }),
    };

    const dataDir = join(tmpdir(), 'never-created');

    await expect(
      openLambda({ dataDir, functions, environment: { TZ: 'Europe/Berlin', KEY: PERSON.secretAccessKey } }),
    ).rejects.toThrow(
      [
        'Functions that Lambda would not accept:',
        'a b: a name has 1-64 letters, digits, hyphens and underscores',
        'a b: handlerFile handlers.ts is not an absolute path',
        'slow: timeoutSeconds must be 1-900',
        'slow: memorySizeMb must be 128-10240',
        'slow: the variable AWS_SESSION_TOKEN is reserved',
        'slow: the variable PATH is reserved',
        "slow: the variable COPY has the person's keys",
        'all: the variable TZ is reserved',
        "all: the variable KEY has the person's keys",
      ].join('\n'),
    );
  });
});
