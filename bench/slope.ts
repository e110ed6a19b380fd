import type { Bench } from './contenders.ts';
import { stageOurs } from './ours/stage.ts';

export interface SlopePoint {
  readonly rowCount: number;
  readonly seconds: number;
  /** Of the one function that all partitions went through. */
  readonly peakBytes: number;
  readonly idleBytes: number;
  readonly partitionCount: number;
}

/** Stages ever more rows through one function, to see whether time grows with them and memory does not. */
export const benchSlope = async (
  { standIns, objectStore }: Bench,
  rowCounts: readonly number[],
): Promise<SlopePoint[]> => {
  const points: SlopePoint[] = [];
  for (const rowCount of rowCounts) {
    const { seconds, peakBytes, idleBytes, partitionCount, partsUris } = await stageOurs(standIns, objectStore, {
      view: `V_${rowCount}`,
      delayMs: 0,
      runId: `slope-${rowCount}`,
      environmentCount: 1,
      purpose: 'scoring',
    });
    points.push({ rowCount, seconds, peakBytes, idleBytes, partitionCount });
    for (const uri of partsUris) for await (const object of objectStore.list(uri)) await objectStore.delete(object.uri);
    console.log(`slope: ${rowCount} rows in ${seconds.toFixed(1)} s`);
  }
  return points;
};
