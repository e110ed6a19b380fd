import type { Account } from '#local/stand-in.ts';
import type { MapState } from '../definition/asl.ts';
import type { StoredEvent } from '../history.ts';
import type { ExecutionStore } from '../store/execution-store.ts';
import type { Integration } from '../tasks/integration.ts';
import type { TaskResource } from '../tasks/resources.ts';
import type { SessionOwner } from '../tasks/roles.ts';
import type { TaskTokens } from '../tasks/tokens.ts';
import type { LiveExecution } from './execution.ts';
import type { Outcome, Visit } from './scope.ts';

/** What every execution of this process shares. */
export interface Environment {
  readonly account: Account;
  readonly store: ExecutionStore;
  readonly tokens: TaskTokens;
  /** Aborted when the server closes. */
  readonly signal: AbortSignal;
  /** Every execution that runs in this process, by its ARN. */
  readonly live: Map<string, LiveExecution>;
  /** Tells a Map Run of this process that its settings changed, by its ARN. */
  readonly liveMapRuns: Map<string, () => void>;
  /** How an execution calls a resource, as its machine's role. */
  integrationFor(resource: TaskResource, owner: SessionOwner): Integration;
  attemptDistributedMap(visit: Visit<MapState>): Promise<Outcome>;
  /** Told every event of every execution, right when it is logged. */
  readonly onEvent: ((executionArn: string, event: StoredEvent) => void) | undefined;
}
