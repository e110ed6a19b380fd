import { executionArn } from '../arns.ts';
import { type MapState, processorOf } from '../definition/asl.ts';
import type { Visit } from '../interpreter/scope.ts';
import type { MapRun } from '../store/execution-store.ts';
import { type RoleSession, rootMachineArn } from '../tasks/roles.ts';
import { serviceFailure } from '../tasks/service-failure.ts';

/**
 * A Map Run starts, follows, stops and redrives executions of its own machine, by the rights of the machine's role.
 *
 * @throws StateFailure in the words of the call that is denied.
 */
export const assertMayRunChildren = (
  session: RoleSession,
  visit: Visit<MapState>,
  { state }: MapRun,
  { isRedriven }: { readonly isRedriven: boolean },
): void => {
  const [machine, id] = state.arn.split(':').slice(-2) as [string, string];
  const resource = executionArn(visit.scope.run.environment.account, machine, id);
  try {
    session
      .caller()
      .authorize(
        { action: 'states:StartExecution', resource: rootMachineArn(state.stateMachineArn) },
        ...actionsOnChildren(visit.state, isRedriven).map((action) => ({ action: `states:${action}`, resource })),
      );
  } catch (error) {
    throw serviceFailure(error, 'StepFunctions');
  }
};

/** EXPRESS children can't be described, stopped or redriven. */
const actionsOnChildren = (state: MapState, isRedriven: boolean): string[] => {
  if (processorOf(state).ProcessorConfig?.ExecutionType === 'EXPRESS') return [];
  return ['DescribeExecution', 'StopExecution', ...(isRedriven ? ['RedriveExecution'] : [])];
};
