import { extractPartition as extractPartitionStep } from '#functions/staging/extract-partition/extract-partition.ts';
import { planPartitions as planPartitionsStep } from '#functions/staging/plan-partitions/plan-partitions.ts';
import type { NextRound } from '#functions/staging/seal-dataset/schema.ts';
import { sealDataset as sealDatasetStep } from '#functions/staging/seal-dataset/seal-dataset.ts';
import { PlannedPartition, type StagingPurpose } from '#shared/dataset/staging-plan.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { Warehouse } from '#shared/warehouse/warehouse.ts';
import { granted } from '#test/functions/granted.ts';
import { RUN_URI } from '#test/shared/pipeline/fixture.ts';

const extractPartition = granted('extractPartition', extractPartitionStep);
const planPartitions = granted('planPartitions', planPartitionsStep);
const sealDataset = granted('sealDataset', sealDatasetStep);

export interface StagingPorts {
  readonly objectStore: ObjectStore;
  readonly warehouse: Warehouse;
}

export type Round = Pick<NextRound, 'bucket' | 'partitionsKey' | 'round' | 'rereads' | 'maxConcurrency'>;

/** Runs the three steps as the state machine does. */
export const stage = async (
  purpose: StagingPurpose,
  ports: StagingPorts,
  runUri = RUN_URI,
  modelRecordUri: string | null = null,
) => {
  let round: Round = await planPartitions({ runUri, purpose, modelRecordUri }, ports);
  for (;;) {
    for (const partition of await plannedPartitions(ports, round)) await extractPartition(partition, ports);
    const answer = await sealDataset(sealInput(purpose, round, runUri), ports);
    if ('sealed' in answer) return answer.sealed;
    round = answer.next;
  }
};

export const sealInput = (
  purpose: StagingPurpose,
  { round, rereads, maxConcurrency }: Pick<Round, 'round' | 'rereads' | 'maxConcurrency'>,
  runUri = RUN_URI,
) => ({ runUri, purpose, round, rereads, maxConcurrency });

export const plannedPartitions = async (
  { objectStore }: StagingPorts,
  { bucket, partitionsKey }: Pick<Round, 'bucket' | 'partitionsKey'>,
): Promise<PlannedPartition[]> =>
  (await objectStore.getText(`s3://${bucket}/${partitionsKey}`)).text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => PlannedPartition.parse(JSON.parse(line)));
