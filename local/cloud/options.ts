import type { Chaos } from '#local/eventbridge/chaos.ts';
import type { DeployedPolicies } from '#local/iam/iam.ts';

export interface CloudOptions {
  /** The project: `functions/` and `statemachines/` are deployed from here. */
  readonly rootDir: string;
  /** Where everything is kept; one cloud at a time. */
  readonly stateDir: string;
  readonly pipelinesDir: string;
  /** Where `serverless package` left its archives: the functions then run from them, not from their sources. */
  readonly artifactsDir?: string;
  /** The cloud stays until it is told to end: other commands may rely on it, and schedules start their runs. False unless given. */
  readonly isKept?: boolean;
  /** Hears in a few words what takes time. */
  readonly onProgress?: (text: string) => void;
  /** Holds a record of all decisions on who may do what, a file for each start. */
  readonly decisionsDir?: string | undefined;
  /** What others have in the account beside the project: a notebook's role, or the right of a rule to call a function. */
  readonly otherPolicies?: DeployedPolicies;
  /** Disturbs the delivery of events, to test what hears them. */
  readonly chaos?: Chaos;
  /** Gives the start up: what was started is closed, and the start rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}
