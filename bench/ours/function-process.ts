import { planWrite } from '#functions/prediction/plan-write/plan-write.ts';
import { publishPredictions } from '#functions/prediction/publish-predictions/publish-predictions.ts';
import { writePart } from '#functions/prediction/write-part/write-part.ts';
import { extractPartition } from '#functions/staging/extract-partition/extract-partition.ts';
import { planPartitions } from '#functions/staging/plan-partitions/plan-partitions.ts';
import { sealDataset } from '#functions/staging/seal-dataset/seal-dataset.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { parseWarehouseSecret } from '#shared/warehouse/credentials.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { peakBytes, settingsOf } from '../measured.ts';
import type { WarehouseConfig } from '../stand-ins/open.ts';

/** One execution environment, as Lambda keeps them: the product's steps over its own adapters, one call at a time. */
export type Step = keyof typeof STEPS;

export type FromFunction =
  | { readonly kind: 'ready'; readonly idleBytes: number }
  | { readonly kind: 'output'; readonly output: unknown; readonly peakBytes: number; readonly cpuSeconds: number }
  | { readonly kind: 'failed'; readonly name: string; readonly problem: string };

export interface ToFunction {
  readonly step: Step;
  readonly event: unknown;
}

const credentials = parseWarehouseSecret(JSON.stringify(settingsOf<{ warehouse: WarehouseConfig }>().warehouse));
const ports = {
  warehouse: hanaWarehouse({ get: async () => credentials, refresh: async () => credentials }),
  objectStore: s3ObjectStore(),
  runs: { hasEnded: async () => false },
};

const STEPS = {
  planPartitions: (event: never) => planPartitions(event, ports),
  extractPartition: (event: never) => extractPartition(event, ports),
  sealDataset: (event: never) => sealDataset(event, ports),
  planWrite: (event: never) => planWrite(event, ports),
  writePart: (event: never) => writePart(event, ports),
  publishPredictions: (event: never) => publishPredictions(event, ports),
};

const send = (message: FromFunction): void => {
  process.send?.(message);
};

process.on('message', async ({ step, event }: ToFunction) => {
  try {
    const output = await STEPS[step](event as never);
    const { user, system } = process.cpuUsage(cpuBefore);
    send({ kind: 'output', output, peakBytes: peakBytes(), cpuSeconds: (user + system) / 1e6 });
  } catch (error) {
    const { name, stack, message } = error as Error;
    send({ kind: 'failed', name, problem: stack ?? message });
  }
});
process.once('disconnect', () => process.exit());
const cpuBefore = process.cpuUsage();
send({ kind: 'ready', idleBytes: peakBytes() });
