import type { StoredEvent } from '../history.ts';

/** One line of an execution's journal; a family's file holds the lines of the root and of its Map Runs' children. */
export type JournalLine = OpenedLine | EventLine | RetryLine | MapRunLine;

/** An execution begins. `number` counts the family's executions from 0, the root. */
export interface OpenedLine {
  readonly kind: 'opened';
  readonly number: number;
  readonly execution: ExecutionIdentity;
  /** Of the root only: the definition that the family keeps to, whatever becomes of the machine. */
  readonly definition?: string;
}

/** An event of the history, with the scope (machine, branch or iteration) where it happened. */
export interface EventLine extends EventNotes {
  readonly kind: 'event';
  readonly number: number;
  readonly scope: string;
  readonly event: StoredEvent;
}

/** What resuming needs and the history doesn't tell. */
export interface EventNotes {
  /** Of a `…StateExited`: where it goes on; null at the end. */
  readonly next?: string | null;
  /** Of a `…Scheduled`: the callback's token, and the end of the task's time in epoch milliseconds. */
  readonly token?: string;
  readonly deadline?: number;
  readonly heartbeatSeconds?: number;
}

/** A Retrier took a failure on; the next attempt is due at `dueAt`, in epoch milliseconds. */
export interface RetryLine {
  readonly kind: 'retry';
  readonly number: number;
  readonly scope: string;
  readonly retrier: number;
  readonly dueAt: number;
}

/** A Map Run as it stands now; the last such line counts. */
export interface MapRunLine {
  readonly kind: 'mapRun';
  readonly mapRun: MapRunState;
}

export interface ExecutionIdentity {
  readonly arn: string;
  readonly name: string;
  /** Of a Map Run's child: with `/<label>` at the end. */
  readonly stateMachineArn: string;
  readonly stateMachineName: string;
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly roleArn: string;
  readonly revisionId: string;
  /** Of a Map Run's child. */
  readonly mapRun?: {
    readonly arn: string;
    readonly index: number;
    readonly itemCount: number;
  };
}

export interface MapRunState {
  readonly arn: string;
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  readonly startDate: number;
  readonly stopDate?: number;
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number;
  readonly toleratedFailurePercentage: number;
  readonly redriveCount: number;
  readonly redriveDate?: number;
  /** Items and batches, as far as they are known: a reader tells its total at its end. */
  readonly totalItems?: number;
  readonly totalExecutions?: number;
  /** Where ResultWriter put the manifest. */
  readonly written?: { readonly Bucket: string; readonly Key: string };
  /** Of a run that failed. */
  readonly error?: string;
  readonly cause?: string;
}
