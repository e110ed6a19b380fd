import type { Completeness, Fingerprint } from '#shared/dataset/manifest.ts';
import {
  columnsRead,
  type PartitionFacts,
  type PlannedPartition,
  type StagingPlan,
} from '#shared/dataset/staging-plan.ts';
import type { ReadSession } from '#shared/warehouse/warehouse.ts';

/** Partitions that one statement tells apart: HANA takes 32,767 parameters, and an expression has its price a row. */
const PARTITIONS_PER_STATEMENT = 200;

export type Verdict = Pick<Completeness, 'read' | 'view'> & {
  /** Partitions whose rows aren't those that were read; none when parts and view are the same. */
  readonly changed: readonly PlannedPartition[];
};

/**
 * Compares what the partitions read, each at its own moment, with the view at one moment. If both are the same, the parts
 * together are the view as it was at that moment, and nothing of another.
 */
export const compare = async (
  session: ReadSession,
  plan: StagingPlan,
  partitions: readonly PlannedPartition[],
  facts: readonly PartitionFacts[],
): Promise<Verdict> => {
  const view = { schema: plan.source.schema, name: plan.source.view };
  const columns = plan.proof === 'checksum' ? columnsRead(plan) : [];
  const read = sum(facts);
  const [whole] = await session.fingerprints(view, columns, [{ window: plan.window }]);
  if (isSame(read, whole!)) return { read, view: whole!, changed: [] };

  const now: Fingerprint[] = [];
  for (let start = 0; start < partitions.length; start += PARTITIONS_PER_STATEMENT) {
    const some = partitions.slice(start, start + PARTITIONS_PER_STATEMENT);
    now.push(
      ...(await session.fingerprints(
        view,
        columns,
        some.map(({ rows }) => rows),
      )),
    );
  }
  return { read, view: sum(now), changed: partitions.filter((_, index) => !isSame(facts[index]!, now[index]!)) };
};

const sum = (fingerprints: readonly Fingerprint[]): Fingerprint => ({
  rowCount: fingerprints.reduce((total, { rowCount }) => total + rowCount, 0),
  checksum: String(fingerprints.reduce((total, { checksum }) => total + BigInt(checksum), 0n)),
});

const isSame = (a: Fingerprint, b: Fingerprint): boolean => a.rowCount === b.rowCount && a.checksum === b.checksum;
