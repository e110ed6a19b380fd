import { parseResource } from '../../tasks/resources.ts';
import type { StateMachineDefinition, TaskState } from '../asl.ts';
import { type Diagnostic, schemaFault } from '../diagnostic.ts';
import { statesOf } from '../walk.ts';

/** Tasks call what this interpreter can call, and a heartbeat is shorter than the timeout. */
export function* tasks(definition: StateMachineDefinition): Generator<Diagnostic> {
  for (const { state, location } of statesOf(definition)) {
    if (state.Type !== 'Task') continue;
    const resource = parseResource(state.Resource);
    if (typeof resource === 'string') yield schemaFault(`${location}/Resource`, resource);
    else if (resource.pattern === 'waitForTaskToken') yield* tokenUse(state, location);
    yield* timeouts(state, location);
  }
}

function* tokenUse({ Arguments }: TaskState, location: string): Generator<Diagnostic> {
  if (JSON.stringify(Arguments ?? null).includes('$states.context')) return;
  yield schemaFault(
    `${location}/Arguments`,
    'A .waitForTaskToken task must pass its token on: {% $states.context.Task.Token %}',
  );
}

function* timeouts(
  { TimeoutSeconds = 99_999_999, HeartbeatSeconds }: TaskState,
  location: string,
): Generator<Diagnostic> {
  if (typeof HeartbeatSeconds !== 'number' || typeof TimeoutSeconds !== 'number') return;
  if (HeartbeatSeconds < TimeoutSeconds) return;
  yield schemaFault(`${location}/HeartbeatSeconds`, 'HeartbeatSeconds must be smaller than TimeoutSeconds');
}
