import type { PlanWriteOutput } from '#functions/prediction/plan-write/schema.ts';
import type { PublishPredictionsInput } from '#functions/prediction/publish-predictions/schema.ts';
import { type DatasetManifest, manifestUri } from '#shared/dataset/manifest.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Measurement } from '../measured.ts';
import type { StandIns } from '../stand-ins/open.ts';
import { openFunctions } from './functions.ts';
import { recordRun } from './stage.ts';

export interface WriteOurs {
  /** Lines of `key,prediction` for each part. */
  readonly parts: readonly string[];
  readonly rowCount: number;
  readonly table: string;
  readonly delayMs: number;
  readonly environmentCount: number;
}

/** The product's write-back: PlanWrite, WritePart for each part, PublishPredictions. */
export const writeOurs = async (
  standIns: StandIns,
  objectStore: ObjectStore,
  { parts, rowCount, table, delayMs, environmentCount }: WriteOurs,
): Promise<Measurement> => {
  const prediction = { target: { table, mode: 'append' } };
  const { runUri } = await recordRun(objectStore, `write-${table.toLowerCase()}`, { view: 'SCORED', prediction });
  await objectStore.put(manifestUri(runUri, 'score'), JSON.stringify(scoreManifest(runUri, rowCount)));
  const predictionsUri = predictionPartsUri(runUri);
  for (const [part, text] of parts.entries()) await objectStore.put(`${predictionsUri}part-0000${part}.csv`, text);

  const functions = await openFunctions(standIns.configAt(delayMs), environmentCount, standIns.environment);
  try {
    const { writeId, fence, bucket, planKey } = await functions.invoke<PlanWriteOutput>('planWrite', {
      runUri,
      predictionsUri,
      rowCount,
      model: 'bench',
    });
    const { text } = await objectStore.getText(`s3://${bucket}/${planKey}`);
    const planned = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    await Promise.all(planned.map((part) => functions.invoke('writePart', part)));
    const publication: PublishPredictionsInput = { runUri, writeId, fence, rowCount };
    await functions.invoke('publishPredictions', publication);
    return functions.measurement(rowCount);
  } finally {
    await functions.close();
  }
};

/** What staging would have sealed: all that the write-back asks of it is the key's type. */
const scoreManifest = (runUri: string, rowCount: number): DatasetManifest => ({
  version: 1,
  dataset: 'score',
  runUri,
  sealedAt: '2026-01-01T00:00:00.000Z',
  source: { schema: 'BENCH', view: 'SCORED', key: ['ID'], queries: [] },
  format: { type: 'csv', header: false },
  columns: [columnOfType('ID', 'BIGINT', false)],
  parts: [],
  rowCount,
  sizeBytes: 1,
});
