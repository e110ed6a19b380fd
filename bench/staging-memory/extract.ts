import { S3Client } from '@aws-sdk/client-s3';
import { extractPartition } from '#functions/staging/extract-partition/extract-partition.ts';
import { planPartitions } from '#functions/staging/plan-partitions/plan-partitions.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { runRecordUri } from '#shared/pipeline/run.ts';
import { parseWarehouseSecret } from '#shared/warehouse/credentials.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';

/** One ExtractPartition in a process of its own: reads a whole view as one partition and tells the process's memory. */
export interface Extraction {
  readonly idleMb: number;
  readonly peakMb: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rowCount: number;
  readonly sizeBytes: number;
}

const [secret = '', s3Url = '', view = '', source = '{}'] = process.argv.slice(2);

const credentials = parseWarehouseSecret(secret);
const warehouse = hanaWarehouse({ get: async () => credentials, refresh: async () => credentials });
const objectStore = s3ObjectStore(
  new S3Client({
    endpoint: s3Url,
    region: LOCAL_ACCOUNT.region,
    credentials: { accessKeyId: 'laptop', secretAccessKey: 'laptop' },
  }),
);
const ports = { warehouse, objectStore };

const runUri = `s3://bench/runs/bench/${view.toLowerCase()}-${process.pid}/`;
await objectStore.put(
  runRecordUri(runUri),
  JSON.stringify({
    runId: `bench-${process.pid}`,
    pipeline: 'bench',
    mode: 'full',
    runUri,
    executionArn: 'arn:aws:states:eu-central-1:000000000000:execution:pipeline:bench',
    startedAt: new Date().toISOString(),
    input: {},
    codeSha256: 'bench',
    definition: PipelineDefinition.parse({
      name: 'bench',
      source: { view, key: ['ID'], target: 'LATE', ...JSON.parse(source) },
    }),
  }),
);
await planPartitions({ runUri, purpose: 'training' }, ports);

const idleMb = process.memoryUsage.rss() / 1024 / 1024;
const started = performance.now();
const cpu = process.cpuUsage();
const { rowCount, sizeBytes } = await extractPartition(
  { runUri, purpose: 'training', partition: 0, round: 0, rows: {} },
  ports,
);
const { user, system } = process.cpuUsage(cpu);
const extraction: Extraction = {
  idleMb,
  peakMb: process.resourceUsage().maxRSS / 1024,
  seconds: (performance.now() - started) / 1000,
  cpuSeconds: (user + system) / 1e6,
  rowCount,
  sizeBytes,
};
process.send?.(extraction, () => process.exit());
