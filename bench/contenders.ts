import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { Measurement } from './measured.ts';
import { stageOurs } from './ours/stage.ts';
import { runProcess } from './run-process.ts';
import type { StagedFormat } from './same-rows.ts';
import { BUCKET, type StandIns } from './stand-ins/open.ts';

export interface Bench {
  readonly standIns: StandIns;
  readonly objectStore: ObjectStore;
  /** The interpreter that has fedml-aws. */
  readonly python: string;
}

export interface Contender {
  readonly name: string;
  readonly format: StagedFormat;
  stage(bench: Bench, request: StageRequest): Promise<Staged>;
}

export interface StageRequest {
  readonly view: string;
  readonly rowCount: number;
  readonly delayMs: number;
  /** Different for every run. */
  readonly runId: string;
}

export interface Staged extends Measurement {
  readonly uris: readonly string[];
}

export const FEDML = 'FedML 2.0.2';

/** Functions at once, on the laptop: as many as it has cores. */
export const OURS = 'ours, 2 functions at once';

export const OURS_AS_PARQUET = `${OURS}, split, as Parquet`;

/** Functions at once, each with a core of its own, as Lambda has them. The laptop has too few cores: see `allAtOnce`. */
export const OURS_IN_LAMBDA = 'ours, 16 functions, each with its own core (calculated)';

interface Way {
  readonly environmentCount: number;
  readonly partitionCount: number;
  readonly purpose: StagingPurpose;
  readonly format?: StagedFormat & ('csv' | 'parquet');
  /**
   * The partitions went through one function, one after the other, so that each had a core for itself; the time is that of
   * all at once: planning, the slowest partition, sealing, and what the state machine adds for all of them.
   */
  readonly allAtOnce?: true;
}

const OUR_WAYS: Readonly<Record<string, Way>> = {
  'ours, 1 function': { environmentCount: 1, partitionCount: 1, purpose: 'scoring' },
  [OURS]: { environmentCount: 2, partitionCount: 2, purpose: 'scoring' },
  [`${OURS}, split to train and test`]: { environmentCount: 2, partitionCount: 2, purpose: 'training' },
  [OURS_AS_PARQUET]: { environmentCount: 2, partitionCount: 2, purpose: 'training', format: 'parquet' },
  [OURS_IN_LAMBDA]: { environmentCount: 1, partitionCount: 16, purpose: 'scoring', allAtOnce: true },
};

/** What the product's plan takes a row for. */
const ROW_BYTES = 125;

const ours = (name: string, { partitionCount, allAtOnce, format = 'csv', ...way }: Way): Contender => ({
  name,
  format,
  async stage({ standIns, objectStore }, { rowCount, ...request }) {
    const partSizeMb = Math.max(1, Math.ceil((rowCount * ROW_BYTES) / partitionCount / 1024 ** 2));
    const reading = { partSizeMb, maxConnections: partitionCount };
    const { partsUris, ...staged } = await stageOurs(standIns, objectStore, { ...request, ...way, format, reading });
    return { ...staged, seconds: allAtOnce ? staged.secondsAllAtOnce : staged.seconds, uris: partsUris };
  },
});

const program = (name: string, script: string, format: StagedFormat, interpreter?: 'python'): Contender => ({
  name,
  format,
  async stage({ standIns, python }, { view, delayMs, runId }) {
    const folder = await mkdtemp(join(standIns.folder, 'work-'));
    const warehouse = standIns.configAt(delayMs);
    try {
      const measurement = await runProcess(
        interpreter ? python : process.execPath,
        join(import.meta.dirname, 'baselines', script),
        { warehouse, view, bucket: BUCKET, prefix: runId, folder },
        standIns.environment,
      );
      return { ...measurement, uris: [`s3://${BUCKET}/${runId}/`] };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
});

export const CONTENDERS: readonly Contender[] = [
  program(FEDML, 'fedml/stage.py', 'csv', 'python'),
  program('naive Node', 'naive-node.ts', 'json'),
  program('Athena-like', 'athena-like.ts', 'csv'),
  ...Object.entries(OUR_WAYS).map(([name, way]) => ours(name, way)),
];
