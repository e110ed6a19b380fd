import { pipeline, type Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { ItemReader, ReaderConfig } from '../definition/asl.ts';
import { StateFailure } from '../interpreter/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { ServiceClients } from '../tasks/clients.ts';
import { serviceFailure } from '../tasks/service-failure.ts';
import { readCsv } from './csv.ts';
import { readLines } from './lines.ts';

interface Services {
  readonly clients: ServiceClients;
  readonly signal: AbortSignal;
}

/** What an ItemReader reads, item by item, and the `Source` that the context names. */
export const readItems = (
  { Resource, ReaderConfig = {} }: ItemReader,
  parameters: Json,
  services: Services,
): { items: AsyncIterable<Json>; source: string } => {
  const location = isJsonObject(parameters) ? parameters : {};
  if (Resource.endsWith(':listObjectsV2')) {
    return { items: listObjects(location, services), source: `S3://${location.Bucket}` };
  }
  const read = READERS[ReaderConfig.InputType!]!;
  return { items: read(location, ReaderConfig, services), source: `S3://${location.Bucket}/${location.Key}` };
};

/** In the spelling of the context: `Etag`, and times in epoch seconds. */
async function* listObjects(location: JsonObject, { clients, signal }: Services): AsyncGenerator<Json> {
  const { paginateListObjectsV2 } = await import('@aws-sdk/client-s3');
  const input = {
    Bucket: text(location, 'Bucket'),
    ...(location.Prefix !== undefined && { Prefix: text(location, 'Prefix') }),
  };
  try {
    for await (const { Contents = [] } of paginateListObjectsV2({ client: await clients.s3() }, input, {
      abortSignal: signal,
    })) {
      for (const { ETag, Key, LastModified, Size, StorageClass } of Contents) {
        yield {
          Etag: ETag ?? '',
          Key: Key ?? '',
          LastModified: Math.floor((LastModified?.getTime() ?? 0) / 1000),
          Size: Size ?? 0,
          StorageClass: StorageClass ?? 'STANDARD',
        };
      }
    }
  } catch (error) {
    throw serviceFailure(error, 'S3');
  }
}

type Reader = (location: JsonObject, config: ReaderConfig, services: Services) => AsyncIterable<Json>;

async function* readJson(
  location: JsonObject,
  { ItemsPointer }: ReaderConfig,
  services: Services,
): AsyncGenerator<Json> {
  const whole = JSON.parse(await wholeText(location, services)) as Json;
  const items = ItemsPointer === undefined ? whole : resolvePointer(whole, ItemsPointer);
  if (Array.isArray(items)) yield* items;
  else if (isJsonObject(items)) for (const [Key, Value] of Object.entries(items)) yield { Key, Value };
  else
    throw new Error(
      `${at(location)} holds no array or object${ItemsPointer === undefined ? '' : ` at ${ItemsPointer}`}.`,
    );
}

async function* readJsonLines(location: JsonObject, _config: ReaderConfig, services: Services): AsyncGenerator<Json> {
  let number = 0;
  for await (const line of readLines(contentOf(location, services))) {
    number += 1;
    yield parseLine(line, () => `Line ${number} of ${at(location)}`);
  }
}

const parseLine = (line: string, where: () => string): Json => {
  try {
    return JSON.parse(line) as Json;
  } catch (error) {
    throw new Error(`${where()} is not JSON: ${(error as Error).message}`);
  }
};

async function* readCsvRows(location: JsonObject, config: ReaderConfig, services: Services): AsyncGenerator<Json> {
  let headers = config.CSVHeaderLocation === 'GIVEN' ? config.CSVHeaders : undefined;
  for await (const fields of readCsv(contentOf(location, services), DELIMITERS[config.CSVDelimiter ?? 'COMMA'])) {
    if (headers) yield Object.fromEntries(headers.map((header, index) => [header, fields[index] ?? '']));
    else headers = fields;
  }
}

const DELIMITERS = { COMMA: ',', PIPE: '|', SEMICOLON: ';', SPACE: ' ', TAB: '\t' } as const;

/** The manifest of an S3 inventory: it names CSV files whose columns it lists. */
async function* readManifest(location: JsonObject, _config: ReaderConfig, services: Services): AsyncGenerator<Json> {
  const manifest = JSON.parse(await wholeText(location, services)) as Manifest;
  if (!Array.isArray(manifest.files) || typeof manifest.fileSchema !== 'string') {
    throw new Error(`${at(location)} is no manifest of an S3 inventory: it has no files and fileSchema.`);
  }
  if (manifest.fileFormat !== 'CSV')
    throw new Error(`${at(location)} lists ${manifest.fileFormat} files; only CSV is supported.`);
  const Bucket = manifest.destinationBucket?.replace(/^arn:aws[a-z-]*:s3:::/, '') ?? text(location, 'Bucket');
  const CSVHeaders = manifest.fileSchema.split(',').map((header) => header.trim());
  for (const { key } of manifest.files) {
    yield* readCsvRows({ Bucket, Key: key }, { CSVHeaderLocation: 'GIVEN', CSVHeaders }, services);
  }
}

interface Manifest {
  readonly destinationBucket?: string;
  readonly fileFormat?: string;
  readonly fileSchema?: string;
  readonly files?: readonly { readonly key: string }[];
}

const READERS: Readonly<Record<string, Reader>> = {
  JSON: readJson,
  JSONL: readJsonLines,
  CSV: readCsvRows,
  MANIFEST: readManifest,
};

/** An object's text in chunks, decompressed when its name says so. */
async function* contentOf(location: JsonObject, { clients, signal }: Services): AsyncGenerator<string> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const input = {
    Bucket: text(location, 'Bucket'),
    Key: text(location, 'Key'),
    ...(location.VersionId !== undefined && { VersionId: text(location, 'VersionId') }),
  };
  try {
    const { Body } = await (await clients.s3()).send(new GetObjectCommand(input), { abortSignal: signal });
    const stream = decompressed(Body as Readable, input.Key);
    const decoder = new TextDecoder('utf-8');
    for await (const chunk of stream) yield decoder.decode(chunk as Buffer, { stream: true });
    yield decoder.decode();
  } catch (error) {
    throw error instanceof StateFailure || !('$metadata' in (error as object)) ? error : serviceFailure(error, 'S3');
  }
}

const decompressed = (body: Readable, key: string): Readable => {
  if (key.endsWith('.gz')) return pipeline(body, createGunzip(), ignoreError);
  if (key.endsWith('.zst') || key.endsWith('.zstd')) return pipeline(body, createZstdDecompress(), ignoreError);
  return body;
};

/** The reader of the stream gets the error, too. */
const ignoreError = (): void => {};

const wholeText = async (location: JsonObject, services: Services): Promise<string> => {
  let whole = '';
  for await (const chunk of contentOf(location, services)) whole += chunk;
  return whole;
};

/** RFC 6901. */
const resolvePointer = (value: Json, pointer: string): Json | undefined =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<Json | undefined>((node, part) => {
      if (typeof node !== 'object' || node === null || !Object.hasOwn(node, part)) return undefined;
      return (node as JsonObject)[part];
    }, value);

const text = (location: JsonObject, field: string): string => {
  const value = location[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`The ItemReader's Arguments must name ${field}.`);
};

const at = ({ Bucket, Key }: JsonObject): string => `s3://${Bucket}/${Key}`;
