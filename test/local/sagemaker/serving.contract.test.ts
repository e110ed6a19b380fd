import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonInterpreter } from '#local/sagemaker/python-interpreter.ts';
import type { ContainerRequest, ModelServer } from '#local/sagemaker/serving/model-server.ts';
import { startModelServer } from '#local/sagemaker/serving/model-server.ts';
import { makeSocketFolder } from '#local/sagemaker/serving/socket-folder.ts';
import type { Laptop } from './laptop.ts';
import { openLaptop } from './laptop.ts';

/** A real scikit-learn model of two features, made while loading: predicts 1.0 for the rows near (9, 9). */
const DEFAULTS_ONLY = `
from sklearn.neighbors import KNeighborsRegressor
def model_fn(model_dir):
    return KNeighborsRegressor(n_neighbors=1).fit([[0, 0], [9, 9]], [0.0, 1.0])
`;

let laptop: Laptop;
beforeAll(async () => {
  laptop = await openLaptop();
  await laptop.createModel('defaults', DEFAULTS_ONLY);
  await laptop.createEndpointConfig('defaults', [{}]);
  await laptop.deploy('defaults');
});
afterAll(() => laptop.close());

const invoke = async (body: string | Uint8Array, ContentType: string, Accept?: string) => {
  const answer = await laptop.runtime.send(
    new InvokeEndpointCommand({ EndpointName: 'defaults', Body: Buffer.from(body), ContentType, Accept }),
  );
  return { type: answer.ContentType, body: Buffer.from(answer.Body) };
};

const npy = (rows: readonly (readonly number[])[]): Buffer => {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${rows.length}, ${rows[0]!.length}), }`;
  const padded = `${header.padEnd(117)}\n`;
  const prefix = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length, 0]);
  return Buffer.concat([prefix, Buffer.from(padded), Buffer.from(new Float64Array(rows.flat()).buffer)]);
};

describe('the default functions answer as the scikit-learn container does', () => {
  it.each([
    ['two CSV rows without Accept', '0,0\n9,9', 'text/csv', undefined, 'application/json', '[0.0, 1.0]'],
    ['two CSV rows with any Accept', '0,0\n9,9\n', 'text/csv', '*/*', 'application/json', '[0.0, 1.0]'],
    ['CSV to CSV', '0,0\n9,9', 'text/csv', 'text/csv', 'text/csv; charset=utf-8', '0.0\n1.0\n'],
    ['one JSON row in two dimensions', '[[0, 0]]', 'application/json', 'application/json', 'application/json', '[0.0]'],
  ])('%s', async (_name, body, contentType, accept, expectedType, expectedBody) => {
    const answer = await invoke(body, contentType, accept);

    expect({ type: answer.type, body: answer.body.toString() }).toEqual({ type: expectedType, body: expectedBody });
  });

  it('NPY both ways', async () => {
    const { type, body } = await invoke(
      npy([
        [0, 0],
        [9, 9],
      ]),
      'application/x-npy',
      'application/x-npy',
    );

    expect(type).toBe('application/x-npy');
    expect([
      ...new Float64Array(body.buffer.slice(body.byteOffset + body.length - 16, body.byteOffset + body.length)),
    ]).toEqual([0, 1]);
  });

  it.each([
    ['one CSV row, which squeeze() makes one-dimensional', '0,0', 'text/csv', 'text/csv'],
    ['one JSON row in one dimension', '[0, 0]', 'application/json', 'application/json'],
    ['a content type with a charset', '0,0\n9,9', 'text/csv; charset=utf-8', 'text/csv'],
    ['an unknown Accept', '0,0\n9,9', 'text/csv', 'application/xml'],
    ['a list in Accept', '0,0\n9,9', 'text/csv', 'text/csv, application/json'],
    ['an unknown content type', '<a/>', 'application/xml', 'text/csv'],
    ['bad JSON', '[[0', 'application/json', 'text/csv'],
    ['a header row', 'a,b\n0,0\n9,9', 'text/csv', 'text/csv'],
    ['an empty body', '', 'text/csv', 'text/csv'],
    ['instances', '{"instances": [[0, 0]]}', 'application/json', 'text/csv'],
  ])('%s is a 500', async (_name, body, contentType, accept) => {
    await expect(invoke(body, contentType, accept)).rejects.toMatchObject({
      name: 'ModelError',
      OriginalStatusCode: 500,
      OriginalMessage: expect.stringContaining('<title>500 Internal Server Error</title>'),
      LogStreamArn: 'arn:aws:logs:eu-central-1:000000000000:log-group:/aws/sagemaker/Endpoints/defaults',
      message: expect.stringMatching(/^Received server error \(500\) from primary with message "<!doctype html>/),
      $metadata: { httpStatusCode: 424 },
    });
  });

  it('and the reason stands in the log', async () => {
    await expect(invoke('0,0', 'text/csv')).rejects.toThrow();

    expect(await laptop.endpointLog('defaults')).toContain('ValueError: Expected 2D array, got 1D array instead');
  });
});

describe('the model server', () => {
  const serve = async (code: string) => {
    await laptop.putArchive('served.tar.gz', { 'serve.py': code });
    const base = await laptop.unpack('served.tar.gz');
    const lines: string[] = [];
    const server = await startModelServer({
      python: await pythonInterpreter('.'),
      base,
      env: { SAGEMAKER_PROGRAM: 'serve.py', SAGEMAKER_SUBMIT_DIRECTORY: base },
      onLines: (more) => lines.push(...more),
    });
    return { server, lines };
  };

  const call = async (server: ModelServer, request: Omit<ContainerRequest, 'timeoutMs'>) => {
    const answer = await server.send({ timeoutMs: 20_000, ...request });
    return { status: answer.statusCode, type: answer.headers['content-type'], body: await text(answer) };
  };

  it('listens on a socket that no other user can reach, and leaves nothing of it behind', async () => {
    const { server } = await serve('def model_fn(folder): return folder');
    const folder = dirname(server.socketPath);

    expect([(await stat(server.socketPath)).isSocket(), (await stat(folder)).mode & 0o777]).toEqual([true, 0o700]);
    await server.stop();
    expect(existsSync(folder)).toBe(false);
  });

  it('makes its socket elsewhere when the temporary folder has too long a path for one', async () => {
    const { path, remove } = await makeSocketFolder(`/tmp/${'x'.repeat(80)}`);

    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103);
    await remove();
  });

  it('answers the paths of the container and no others', async () => {
    const { server } = await serve('def model_fn(folder): return folder');
    const statuses = async (method: 'GET' | 'POST', path: string) => (await call(server, { method, path })).status;

    expect(await statuses('GET', '/ping')).toBe(200);
    expect(await statuses('GET', '/invocations')).toBe(405);
    expect(await statuses('GET', '/execution-parameters')).toBe(404);
    expect(await statuses('GET', '/')).toBe(404);
    expect(await statuses('POST', '/ping')).toBe(404);
    await server.stop();
  });

  it.each([
    ['without model_fn', 'x = 1', 'NotImplementedError: Please provide a model_fn'],
    ['with a model_fn that raises', 'def model_fn(folder): raise OSError("no such model")', 'OSError: no such model'],
    ['that can’t be imported', 'import not_a_module', "No module named 'not_a_module'"],
    [
      'with transform_fn beside another function',
      'def model_fn(f): return f\ndef transform_fn(m, b, c, a): return b\ndef output_fn(p, a): return p',
      'Cannot use transform_fn implementation with output_fn.',
    ],
  ])('fails its ping for a module %s', async (_name, code, reason) => {
    const { server, lines } = await serve(code);

    const { status } = await call(server, { method: 'GET', path: '/ping' });
    await server.stop();

    expect(status).toBe(500);
    expect(lines.join('\n')).toContain(reason);
  });

  it('runs an unguarded script at ping, so that the endpoint never comes into service', async () => {
    const { server, lines } = await serve('import sys\nprint("training", sys.argv)\nsys.exit(3)');

    await call(server, { method: 'GET', path: '/ping' }).catch(() => undefined);
    await server.stop();

    expect(lines).toContain("training ['server']");
  });

  it.each([
    ['a tuple', 'return "a\\nb", "text/plain"', 'text/plain; charset=utf-8', 'a\nb'],
    ['bytes', 'return b"raw", "application/octet-stream"', 'application/octet-stream', 'raw'],
    ['a bare value', 'return {"score": 1}', 'application/json', '{"score": 1}'],
    [
      'a Flask response',
      'return type("Response", (), {"mimetype": "text/csv", "get_data": lambda self: b"1,2"})()',
      'text/csv; charset=utf-8',
      '1,2',
    ],
  ])('sends what transform_fn returns: %s', async (_name, statement, type, body) => {
    const { server } = await serve(
      `def model_fn(f): return f\ndef transform_fn(model, body, content_type, accept):\n    ${statement}`,
    );

    const answer = await call(server, { method: 'POST', path: '/invocations', body: Buffer.from('x') });

    expect([answer.type, answer.body]).toEqual([type, body]);
    await server.stop();
  });

  it('reads chunked bodies and gives functions text for JSON and CSV, bytes for the rest', async () => {
    const { server } = await serve(
      'def model_fn(f): return f\ndef transform_fn(model, body, content_type, accept):\n    return repr((type(body).__name__, len(body))), "text/plain"',
    );
    const send = async (type: string) => {
      const body = Readable.from([Buffer.alloc(100_000), Buffer.alloc(1)]);
      const headers = { 'content-type': type };
      return (await call(server, { method: 'POST', path: '/invocations', headers, body })).body;
    };

    expect(await send('text/csv')).toBe("('str', 100001)");
    expect(await send('text/csv; header=absent')).toBe("('bytes', 100001)");
    await server.stop();
  });
});
