import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OPERATIONS, openapi } from '#functions/api/openapi/openapi.ts';
import { parseCloudFormation } from '#local/template/cloud-formation-yaml.ts';
import { ROOT, routes } from '#test/statemachines/definitions.ts';

it('has the routes of functions.yml, each to the function of its operation', () => {
  const operations = OPERATIONS.map(({ id, method, path }) => ({ functionName: id, method, path }));

  const byName = (a: { functionName: string }, b: { functionName: string }) =>
    a.functionName < b.functionName ? -1 : 1;
  expect(operations.toSorted(byName)).toEqual(routes.toSorted(byName));
});

it('lets nobody in without an authorizer, and answers before API Gateway gives up', () => {
  const text = readFileSync(join(ROOT, 'functions', 'api', 'functions.yml'), 'utf8');
  const functions = parseCloudFormation(text) as Record<
    string,
    { timeout: number; events: { httpApi: { authorizer: string } }[] }
  >;

  for (const [name, { timeout, events }] of Object.entries(functions)) {
    expect(timeout, name).toBeLessThan(30);
    for (const { httpApi } of events) expect(httpApi.authorizer, name).toBe('${file(functions/api/authorizer.cjs)}');
  }
});

it('describes parameters, bodies, answers and problems', () => {
  // biome-ignore lint/suspicious/noExplicitAny: a document of many shapes
  const { paths, components } = openapi() as any;
  const start = paths['/pipelines/{name}/runs'].post;

  expect(start.parameters).toEqual([
    expect.objectContaining({ in: 'path', name: 'name', required: true }),
    expect.objectContaining({ in: 'header', name: 'idempotency-key', required: false }),
  ]);
  expect(start.requestBody.required).toBe(false);
  expect(start.requestBody.content['application/json'].schema.properties.mode.enum).toEqual(['full', 'train', 'score']);
  expect(Object.keys(start.responses)).toEqual(['200', '202', '400', '404', '409', '413', '415', '500']);
  expect(paths['/pipelines/{name}/predict'].post.requestBody.content['text/csv'].schema).toEqual({ type: 'string' });
  expect(components.schemas.Problem.required).toContain('detail');
  expect(JSON.stringify(openapi())).not.toContain('$schema');
});

describe('the authorizer of a stage', () => {
  const load = async (file: string, parameters: Record<string, string>) => {
    const resolve = createRequire(import.meta.url)(join(ROOT, 'functions', 'api', file)) as (
      context: object,
    ) => unknown;
    return resolve({
      resolveVariable: async (variable: string) => parameters[/^param:(\w+), ""$/.exec(variable)![1]!] ?? '',
    });
  };

  it('is IAM unless there is an issuer of tokens', async () => {
    expect(await load('authorizer.cjs', {})).toEqual({ type: 'aws_iam' });
    expect(await load('authorizers.cjs', {})).toEqual({});
  });

  it('takes tokens of the issuer for its audience', async () => {
    const parameters = { apiJwtIssuer: 'https://idp.example.com', apiJwtAudience: 'fedml, other' };

    expect(await load('authorizer.cjs', parameters)).toEqual({ name: 'jwt' });
    expect(await load('authorizers.cjs', parameters)).toMatchObject({
      jwt: { type: 'jwt', issuerUrl: 'https://idp.example.com', audience: ['fedml', 'other'] },
    });
  });

  it('takes no tokens for anybody', async () => {
    await expect(load('authorizers.cjs', { apiJwtIssuer: 'https://idp.example.com' })).rejects.toThrow(
      /apiJwtAudience/,
    );
  });
});
