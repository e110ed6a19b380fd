import { LeaseLostError, TargetTableBusyError } from '#shared/errors.ts';
import type { RunEndings } from '#shared/executions/run-endings.ts';
import type { WriteRecord } from '#shared/predictions/write-record.ts';
import type { Lease, Transaction } from '#shared/warehouse/warehouse.ts';

/**
 * How long a target table stays reserved after the last sign of life of its writer. Longer than a function may run (15
 * minutes) and the longest pause between two tries (10 minutes).
 */
export const LEASE_TTL_SECONDS = 30 * 60;

type Writer = Pick<WriteRecord, 'table' | 'writeId' | 'runId'>;

export const leaseOf = ({ table, writeId }: Pick<WriteRecord, 'table' | 'writeId'>, fence: number): Lease => ({
  target: table,
  owner: writeId,
  fence,
});

/**
 * Reserves the target table for one write. A run that was stopped, which can't give its table back, loses it at once.
 *
 * @throws TargetTableBusyError naming the run that has it.
 */
export const takeTarget = async (
  transaction: Transaction,
  { table, writeId, runId }: Writer,
  runs: RunEndings,
): Promise<Lease> => {
  const claim = { target: table, owner: writeId, runId, ttlSeconds: LEASE_TTL_SECONDS };
  let answer = await transaction.takeLease(claim);
  if ('lease' in answer && (await runs.hasEnded(answer.heldByRunId))) {
    await transaction.freeLease(answer.lease, false);
    answer = await transaction.takeLease(claim);
  }
  if ('fence' in answer) return leaseOf({ table, writeId }, answer.fence);
  throw new TargetTableBusyError(
    `The run ${answer.heldByRunId} is writing to ${table}. It has the table for ${answer.secondsLeft} more seconds, unless it ends before or shows that it is alive.`,
  );
};

/**
 * Shows that the writer is alive; nobody else can take the table before the transaction ends.
 *
 * @throws LeaseLostError when somebody else has taken it.
 */
export const holdTarget = async (transaction: Transaction, lease: Lease): Promise<void> => {
  if (!(await transaction.holdLease(lease, LEASE_TTL_SECONDS))) throw leaseLost(lease);
};

export const leaseLost = ({ target, fence }: Lease): LeaseLostError =>
  new LeaseLostError(
    `This write had ${target} under fence ${fence}, which is over: the write was published, planned anew, or another run took the table. Nothing was written. Run the pipeline again if its predictions are missing.`,
  );
