import type { Json } from '../json.ts';
import type { Integration } from '../tasks/integration.ts';
import type { TaskEvents } from '../tasks/task-events.ts';
import type { LinkedAbort } from './abort.ts';
import { StateFailure } from './failure.ts';
import type { Visit } from './scope.ts';
import { alarmAt } from './timers.ts';

/** A task that waits for its token. */
export interface TokenTask {
  readonly visit: Visit;
  readonly integration: Integration;
  readonly events: TaskEvents;
  readonly abort: LinkedAbort;
  readonly token: string;
  readonly heartbeatSeconds: number | undefined;
}

/** Makes the call that hands the token out and waits for its answer, which may come before the call's own. */
export const callAndAwaitToken = (task: TokenTask, parameters: Json): Promise<Json> => {
  const answered = awaitToken(task); // registered first: the call may lead to an answer at once
  const submitted = task.integration.submit(parameters, task.abort).then((output) => {
    if (!task.abort.signal.aborted) task.events.submitted(JSON.stringify(output));
    return answered;
  });
  return Promise.race([answered, submitted]);
};

/** Waits for a token's answer; a missed heartbeat aborts the task. The answer is logged before its sender hears of it. */
export const awaitToken = ({ visit, events, abort, token, heartbeatSeconds }: TokenTask): Promise<Json> =>
  new Promise((resolve, reject) => {
    const { run } = visit.scope;
    let cancelHeartbeat = () => {};
    const heartbeat = () => {
      cancelHeartbeat();
      if (heartbeatSeconds === undefined) return;
      cancelHeartbeat = alarmAt(Date.now() + heartbeatSeconds * 1000, () =>
        abort.abort(new StateFailure('States.HeartbeatTimeout', undefined)),
      );
    };
    const unregister = run.environment.tokens.register(token, {
      heartbeat,
      answer(answer) {
        end();
        if ('output' in answer) {
          events.succeeded(answer.output);
          resolve(JSON.parse(answer.output));
        } else {
          const failure = new StateFailure(answer.error, answer.cause);
          events.failed(failure);
          reject(failure);
        }
        return run.flushed();
      },
    });
    const end = () => {
      unregister();
      cancelHeartbeat();
    };
    abort.signal.addEventListener('abort', end, { once: true });
    heartbeat();
  });
