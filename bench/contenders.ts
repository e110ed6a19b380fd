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
  readonly delayMs: number;
  /** Different for every run. */
  readonly runId: string;
}

export interface Staged extends Measurement {
  readonly uris: readonly string[];
}

export const FEDML = 'FedML 2.0.2';

/** Functions that work at once: on the laptop as many as it has cores. */
const MOST_ENVIRONMENTS = 2;
const OURS_ENVIRONMENT_COUNTS = [1, MOST_ENVIRONMENTS];

const oursName = (environmentCount: number): string =>
  `ours, ${environmentCount} ${environmentCount === 1 ? 'function' : 'functions at once'}`;

export const OURS = oursName(MOST_ENVIRONMENTS);

const ours = (name: string, environmentCount: number, purpose: StagingPurpose): Contender => ({
  name,
  format: 'csv',
  async stage({ standIns, objectStore }, request) {
    const { partsUris, ...staged } = await stageOurs(standIns, objectStore, { ...request, environmentCount, purpose });
    return { ...staged, uris: partsUris };
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
  ...OURS_ENVIRONMENT_COUNTS.map((environmentCount) => ours(oursName(environmentCount), environmentCount, 'scoring')),
  ours(`${OURS}, split to train and test`, MOST_ENVIRONMENTS, 'training'),
];
