import { abandonWrite as abandonWriteStep } from '#functions/prediction/abandon-write/abandon-write.ts';
import { planWrite as planWriteStep } from '#functions/prediction/plan-write/plan-write.ts';
import type { PlanWriteOutput } from '#functions/prediction/plan-write/schema.ts';
import { publishPredictions as publishPredictionsStep } from '#functions/prediction/publish-predictions/publish-predictions.ts';
import { writePart as writePartStep } from '#functions/prediction/write-part/write-part.ts';
import { extractPartition as extractPartitionStep } from '#functions/staging/extract-partition/extract-partition.ts';
import { planPartitions as planPartitionsStep } from '#functions/staging/plan-partitions/plan-partitions.ts';
import type { PlanPartitionsOutput } from '#functions/staging/plan-partitions/schema.ts';
import { sealDataset as sealDatasetStep } from '#functions/staging/seal-dataset/seal-dataset.ts';
import type { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { PlannedPart } from '#shared/predictions/write-record.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import type { Warehouse } from '#shared/warehouse/warehouse.ts';
import { granted } from '#test/functions/granted.ts';
import { noRunEnds } from '#test/shared/executions/run-endings.ts';
import type { ScoredRun } from './scored-run.ts';

const abandonWrite = granted('abandonWrite', abandonWriteStep);
const planWrite = granted('planWrite', planWriteStep);
const publishPredictions = granted('publishPredictions', publishPredictionsStep);
const writePart = granted('writePart', writePartStep);
const extractPartition = granted('extractPartition', extractPartitionStep);
const planPartitions = granted('planPartitions', planPartitionsStep);
const sealDataset = granted('sealDataset', sealDatasetStep);

export interface Ports {
  readonly warehouse: Warehouse;
  readonly objectStore: ObjectStore;
}

/** A Task state: takes the execution's variables and answers what it assigns. */
export type Step<V> = (variables: V, ports: Ports) => Promise<V>;

export interface WriteVariables {
  readonly plan?: PlanWriteOutput;
  readonly rowCount?: number;
}

/** The tasks of the state machine, from PlanWrite on, for predictions in two parts. */
export const writeBackSteps = (
  { runUri, rowCount }: ScoredRun,
  { objectStore }: { readonly objectStore: ObjectStore },
  model = 'model-1',
): readonly Step<WriteVariables>[] => {
  const part =
    (index: number): Step<WriteVariables> =>
    async (variables, ports) => {
      const { alreadyPublished, bucket, planKey } = variables.plan!;
      if (alreadyPublished) return variables;
      // Step Functions reads the plan itself, outside of any function that may die.
      const { text } = await objectStore.getText(`s3://${bucket}/${planKey}`);
      await writePart(PlannedPart.parse(JSON.parse(text.trimEnd().split('\n')[index]!)), ports);
      return variables;
    };
  return [
    async (_, ports) => ({
      plan: await planWrite(
        { runUri, predictionsUri: predictionPartsUri(runUri), rowCount, model },
        { ...ports, runs: noRunEnds },
      ),
    }),
    part(0),
    part(1),
    async (variables, ports) => {
      const { writeId, fence } = variables.plan!;
      const { rowCount: published } = await publishPredictions({ runUri, writeId, fence, rowCount }, ports);
      return { ...variables, rowCount: published };
    },
  ];
};

export type StagingVariables = Partial<PlanPartitionsOutput>;

/** The tasks of the staging machine; the partitions are one after the other. */
export const stagingSteps = (
  runUri: string,
  purpose: StagingPurpose,
  { objectStore }: { readonly objectStore: ObjectStore },
): readonly Step<StagingVariables>[] => [
  (_, ports) => planPartitions({ runUri, purpose }, ports),
  async (plan, ports) => {
    const { text } = await objectStore.getText(`s3://${plan.bucket}/${plan.partitionsKey}`);
    for (const line of text.split('\n')) if (line !== '') await extractPartition(JSON.parse(line), ports);
    return plan;
  },
  async (plan, ports) => {
    const { round = 0, rereads = 0, maxConcurrency = 1 } = plan;
    await sealDataset({ runUri, purpose, round, rereads, maxConcurrency }, ports);
    return plan;
  },
];

/** What the machine does when a task has failed for good. */
export const abandon = async ({ runUri }: ScoredRun, { plan }: WriteVariables, ports: Ports): Promise<void> => {
  if (plan) await abandonWrite({ runUri, writeId: plan.writeId, fence: plan.fence }, ports);
};
