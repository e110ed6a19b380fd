import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, type InvokeCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import type { Iam } from '#local/iam/iam.ts';
import type { LambdaFunction } from '#local/lambda/functions.ts';
import { type LambdaOptions, startLambda } from '#local/lambda/lambda.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { roleArn, roleFor } from '#test/local/iam/roles.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';

export const FIXTURES = join(import.meta.dirname, 'fixtures');

/** A function whose handler is an export of `fixtures/handlers.ts`. */
export const fixture = (handlerExport: string, limits: Partial<LambdaFunction> = {}): LambdaFunction => ({
  handlerFile: join(FIXTURES, 'handlers.ts'),
  handlerExport,
  roleArn: roleArn('function'),
  timeoutSeconds: 20,
  memorySizeMb: 256,
  ...limits,
});

export type OpenLambda = Awaited<ReturnType<typeof openLambda>>;

/** Access management by which the functions' role may do everything. */
export const permissiveIam = (): Iam => {
  const iam = testIam();
  iam.deploy({ roles: [roleFor('lambda.amazonaws.com', roleArn('function'))], resourcePolicies: {} });
  return iam;
};

/** A host in a temporary folder, the real client, and `invoke`, which reads and writes JSON. */
export const openLambda = async (options: Partial<LambdaOptions> & Pick<LambdaOptions, 'functions'>) => {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'lambda-')));
  const host = await startLambda({
    account: LOCAL_ACCOUNT,
    iam: permissiveIam(),
    environment: {},
    taskRoot: FIXTURES,
    asyncRetryDelaysSeconds: [0.01, 0.02],
    ...options,
    dataDir,
  });
  const client = new LambdaClient({
    endpoint: host.url,
    region: LOCAL_ACCOUNT.region,
    credentials: PERSON,
    maxAttempts: 1,
  });
  return {
    dataDir,
    host,
    client,
    async invoke(FunctionName: string, event?: unknown, input: Partial<InvokeCommandInput> = {}) {
      const Payload = event === undefined ? {} : { Payload: JSON.stringify(event) };
      const output = await client.send(new InvokeCommand({ FunctionName, ...Payload, ...input }));
      const text = output.Payload?.transformToString();
      return { ...output, body: text ? JSON.parse(text) : undefined };
    },
    async close() {
      client.destroy();
      await host.close();
      if (!options.dataDir) await rm(dataDir, { recursive: true });
    },
  };
};
