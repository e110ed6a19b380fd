import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';

let password = 'one';
let requestCount = 0;
const server = createServer((_request, response) => {
  requestCount += 1;
  const secret = { address: 'hana.example', port: 443, user: 'S#U', password, schema: 'S' };
  response.end(JSON.stringify({ SecretString: JSON.stringify(secret) }));
});

beforeEach(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

it('reads the secret once, and again when it is asked to refresh', async () => {
  const { port } = server.address() as AddressInfo;
  const client = new SecretsManagerClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const credentials = secretsManagerCredentials(
    () => 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:s',
    client,
  );

  const first = [await credentials.get(), await credentials.get()];
  password = 'two';
  const fresh = await credentials.refresh();
  const after = await credentials.get();
  client.destroy();

  expect(first.map((secret) => secret.password)).toEqual(['one', 'one']);
  expect([fresh.password, after.password]).toEqual(['two', 'two']);
  expect(requestCount).toBe(2);
});
