import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MapState } from '../definition/asl.ts';
import { bindingsOf } from '../interpreter/context.ts';
import { ownFailure } from '../interpreter/failure.ts';
import type { Visit } from '../interpreter/scope.ts';
import { evaluateTemplate } from '../interpreter/template.ts';
import { isJsonObject, type Json } from '../json.ts';
import type { MapRun } from '../store/execution-store.ts';
import type { ServiceClients } from '../tasks/clients.ts';
import { serviceFailure } from '../tasks/service-failure.ts';
import { type Fate, openResultFiles, type ResultFiles } from './result-files.ts';
import { closedChildren, resultsOf } from './results.ts';

/**
 * Writes the results of a Map Run to S3, by the fate of its children, and a manifest of the files.
 *
 * @param pending inputs that were never started, because the run failed.
 * @returns where the manifest is.
 * @throws StateFailure `States.ResultWriterFailed`
 */
export const writeResults = async (
  visit: Visit<MapState>,
  mapRun: MapRun,
  pending: AsyncIterable<Json>,
  clients: ServiceClients,
): Promise<{ Bucket: string; Key: string }> => {
  const { Arguments = {} } = visit.state.ResultWriter!;
  const target = targetOf(await evaluateTemplate(Arguments, bindingsOf(visit), 'ResultWriter/Arguments'), mapRun);
  const folder = await mkdtemp(join(tmpdir(), 'map-run-'));
  try {
    const files = openResultFiles(folder, visit.state.ResultWriter?.WriterConfig ?? {});
    await collect(visit, mapRun, pending, files);
    const put = await uploader(clients, target.Bucket, visit.scope.signal);
    const ResultFiles: Record<Fate, object[]> = { FAILED: [], PENDING: [], SUCCEEDED: [] };
    for (const { fate, name, path, bytes } of await files.end()) {
      const Key = `${target.folder}${name}`;
      await put(Key, createReadStream(path), bytes);
      ResultFiles[fate].push({ Key, Size: bytes });
    }
    const manifest = JSON.stringify({ DestinationBucket: target.Bucket, MapRunArn: mapRun.state.arn, ResultFiles });
    const Key = `${target.folder}manifest.json`;
    await put(Key, manifest, Buffer.byteLength(manifest));
    return { Bucket: target.Bucket, Key };
  } catch (error) {
    visit.scope.signal.throwIfAborted();
    throw ownFailure('States.ResultWriterFailed', error instanceof Error ? error.message : String(error));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const targetOf = (parameters: Json, { state }: MapRun): { Bucket: string; folder: string } => {
  const { Bucket, Prefix = '' } = isJsonObject(parameters) ? parameters : {};
  if (typeof Bucket !== 'string' || typeof Prefix !== 'string') {
    throw ownFailure('States.ResultWriterFailed', "The ResultWriter's Arguments must name a Bucket and a Prefix.");
  }
  const prefix = Prefix === '' || Prefix.endsWith('/') ? Prefix : `${Prefix}/`;
  return { Bucket, folder: `${prefix}${state.arn.split(':').at(-1)}/` };
};

const collect = async (
  visit: Visit<MapState>,
  mapRun: MapRun,
  pending: AsyncIterable<Json>,
  files: ResultFiles,
): Promise<void> => {
  const { store } = visit.scope.run.environment;
  const config = visit.state.ResultWriter?.WriterConfig ?? { Transformation: 'NONE' };
  for await (const { record, results } of resultsOf(store, closedChildren(mapRun), config)) {
    for (const result of results) await files.add(record.status === 'SUCCEEDED' ? 'SUCCEEDED' : 'FAILED', result);
  }
  for await (const input of pending) {
    await files.add('PENDING', {
      Input: JSON.stringify(input),
      InputDetails: { Included: true },
      StateMachineArn: mapRun.state.stateMachineArn,
      Status: 'PENDING',
    });
  }
};

const uploader = async (clients: ServiceClients, Bucket: string, abortSignal: AbortSignal) => {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const client = await clients.s3();
  return async (Key: string, Body: string | ReturnType<typeof createReadStream>, ContentLength: number) => {
    try {
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength }), { abortSignal });
    } catch (error) {
      throw serviceFailure(error, 'S3');
    }
  };
};
