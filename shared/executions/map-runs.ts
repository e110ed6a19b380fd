/** The Distributed Maps of an execution. Their children's errors don't reach it: it fails for too many failed items. */
export interface MapRuns {
  /** The error of an item that failed, of the execution's last Map that had one. */
  failedItem(executionArn: string): Promise<{ readonly Error: string; readonly Cause: string | null } | undefined>;
}
