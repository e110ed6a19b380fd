import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { StartRun } from '#functions/api/start-run/schema.ts';
import { startRun as startRunStep } from '#functions/api/start-run/start-run.ts';
import { granted } from '#test/functions/granted.ts';
import { type InMemoryExecutions, inMemoryExecutions, STATE_MACHINE_ARN } from '#test/shared/executions/in-memory.ts';
import { callerOf, type HttpRequest } from './http-request.ts';

const startRun = granted('startRun', startRunStep);

const SETTINGS = {
  pipelinesDir: join(import.meta.dirname, '..', '..', 'pipelines'),
  stateMachineArn: STATE_MACHINE_ARN,
};

let executions: InMemoryExecutions;
beforeEach(() => {
  executions = inMemoryExecutions();
});

const call = (request: HttpRequest) =>
  callerOf(StartRun, (parsed) => startRun(parsed, { executions }, SETTINGS))({ path: { name: 'tiny' }, ...request });
const withKey = (key: string, body: unknown) => call({ headers: { 'idempotency-key': key }, body });
const started = () => [...executions.executions.values()].map(({ input }) => input);

describe('POST /pipelines/{name}/runs', () => {
  it('starts a run and says where to ask about it', async () => {
    const { status, headers, body } = await call({
      body: { mode: 'train', overrides: { 'training.instanceType': 'ml.m5.xlarge' } },
    });

    expect(status).toBe(202);
    expect(body).toMatchObject({ pipeline: 'tiny', mode: 'train', url: `/runs/${body.runId}` });
    expect(headers.location).toBe(body.url);
    expect(started()).toEqual([
      { pipeline: 'tiny', mode: 'train', overrides: { 'training.instanceType': 'ml.m5.xlarge' } },
    ]);
  });

  it('starts a full run for a request without a body', async () => {
    expect(await call({})).toMatchObject({ status: 202, body: { mode: 'full' } });
  });

  it('starts another run for each request without a key', async () => {
    const first = await call({});
    const second = await call({});

    expect(first.body.runId).not.toBe(second.body.runId);
  });

  it('answers the same key and body with the same run, whatever the order of its fields', async () => {
    const first = await withKey('k', { mode: 'full', overrides: { 'source.split.seed': 's', 'training.spot': null } });
    const second = await withKey('k', { overrides: { 'training.spot': null, 'source.split.seed': 's' } });

    expect([first.status, second.status]).toEqual([202, 200]);
    expect(second.body.runId).toBe(first.body.runId);
    expect(started()).toHaveLength(1);
  });

  it('answers with the same run after it has ended too', async () => {
    const first = await withKey('k', {});
    executions.end(first.body.runId);

    expect(await withKey('k', {})).toMatchObject({ status: 200, body: { runId: first.body.runId } });
  });

  it('refuses the same key with another body and says what differs', async () => {
    await withKey('k', { overrides: { 'source.split.seed': 'a' } });

    const { status, headers, body } = await withKey('k', { mode: 'train', overrides: { 'source.split.seed': 'b' } });

    expect(status).toBe(409);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(body).toMatchObject({ title: 'IdempotencyKeyReused', status: 409 });
    expect(body.differences).toEqual(['mode: was "full", is "train"', 'overrides.source.split.seed: was "a", is "b"']);
  });

  it('tells apart the same key of two pipelines', async () => {
    await withKey('k', {});

    const other = await call({ path: { name: 'fedml-style' }, headers: { 'idempotency-key': 'k' } });

    expect(other.status).toBe(202);
  });

  it('gives one run to two requests with the same key at the same moment', async () => {
    const both = await Promise.all([withKey('k', {}), withKey('k', {})]);

    expect(new Set(both.map(({ body }) => body.runId)).size).toBe(1);
    expect(started()).toHaveLength(1);
  });

  it.each([
    ['an unknown pipeline', { path: { name: 'tinny' } }, 404, /Did you mean tiny/],
    ['a name that no pipeline can have', { path: { name: '../tiny' } }, 400, /lower-case letters/],
    ['an unknown field', { body: { speed: 3 } }, 400, /speed/],
    ['SQL', { body: { overrides: { 'source.view': 'X' } } }, 400, /source\.view: can't be set for one run/],
    ['another target', { body: { overrides: { 'prediction.target.table': 'X' } } }, 400, /prediction\.target\.table/],
    ['a value that doesn’t fit', { body: { overrides: { 'training.instanceCount': 0 } } }, 400, /instanceCount/],
    ['what isn’t JSON', { body: '{"mode": ' }, 400, /not JSON/],
    ['a prototype', { body: '{"__proto__": {"mode": "full"}}' }, 400, /__proto__/],
    ['another content type', { body: '{}', headers: { 'content-type': 'text/plain' } }, 415, /application\/json/],
    ['a key with a line break', { headers: { 'idempotency-key': 'a\nb' } }, 400, /visible ASCII/],
    ['JSON of a hundred levels', { body: '['.repeat(100) + ']'.repeat(100) }, 400, /deeper than 32/],
    ['a body that is too long', { body: { overrides: { x: 'y'.repeat(70_000) } } }, 413, /65536/],
  ])('refuses %s, and starts nothing', async (_, request, status, detail) => {
    const reply = await call(request);

    expect(reply.status).toBe(status);
    expect(reply.body).toMatchObject({ type: 'about:blank', status, instance: StartRun.path });
    expect(reply.body.detail).toMatch(detail);
    expect(started()).toEqual([]);
  });

  it('tells nobody what broke inside', async () => {
    executions.start = async () => {
      throw new Error('connect ECONNREFUSED 10.0.0.7:443 with secret hunter2');
    };

    const { status, body } = await call({});

    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toMatch(/hunter2|ECONNREFUSED|at .*\.ts/);
  });
});
