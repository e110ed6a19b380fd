import { randomUUID } from 'node:crypto';
import { mapRunArn, stateMachineArn } from '../arns.ts';
import type { MapState } from '../definition/asl.ts';
import { type LinkedAbort, linkedAbort } from '../interpreter/abort.ts';
import { explain } from '../interpreter/explain.ts';
import { Interruption, StateFailure } from '../interpreter/failure.ts';
import { readProgress } from '../interpreter/progress.ts';
import type { Visit } from '../interpreter/scope.ts';
import type { Json } from '../json.ts';
import type { MapRun } from '../store/execution-store.ts';
import type { MapRunState } from '../store/lines.ts';
import type { RoleSession } from '../tasks/roles.ts';
import { type ChildInput, childInputs } from './child-inputs.ts';
import { runChildren } from './children.ts';
import type { ItemSource } from './item-source.ts';
import { assertMayRunChildren } from './permissions.ts';
import { writeResults } from './result-writer.ts';
import { evaluateSettings } from './settings.ts';

/** The Map Run of an attempt: a new one, the one an earlier process left, or the failed one to redrive. */
export const openMapRun = async (visit: Visit<MapState>, totalItems: number | undefined): Promise<MapRun> => {
  const { scope, state } = visit;
  const { environment, record, isRedriven } = scope.run;
  const { family } = record;
  const left = visit.progress?.mapRunArn;
  const existing = left === undefined ? undefined : family.mapRuns.get(left);
  if (!existing) {
    const label = state.Label ?? labelOf(visit.name);
    const arn = mapRunArn(environment.account, record.stateMachineName, label, randomUUID());
    const mapRun = environment.store.saveMapRun(family, {
      arn,
      executionArn: record.arn,
      stateMachineArn: `${stateMachineArn(environment.account, record.stateMachineName)}/${label}`,
      status: 'RUNNING',
      startDate: Date.now(),
      redriveCount: 0,
      ...(await evaluateSettings(visit)),
      ...(totalItems !== undefined && { totalItems }),
      ...(totalItems !== undefined && !state.ItemBatcher && { totalExecutions: totalItems }),
    });
    scope.run.log(scope, 'MapRunStarted', { mapRunStartedEventDetails: { mapRunArn: arn } });
    return mapRun;
  }
  if (isRedriven && existing.state.status !== 'RUNNING' && existing.state.status !== 'SUCCEEDED') {
    const { stopDate, error, cause, ...before } = existing.state;
    const redriveCount = before.redriveCount + 1;
    environment.store.saveMapRun(family, { ...before, status: 'RUNNING', redriveCount, redriveDate: Date.now() });
    scope.run.log(scope, 'MapRunRedriven', { mapRunRedrivenEventDetails: { mapRunArn: left, redriveCount } });
  }
  return existing;
};

/** A label has no characters that an ARN could mistake, and at most 40. */
const labelOf = (stateName: string): string => stateName.replace(/[\s<>{}[\]?*"#%\\^|~`$&,;:/]/g, '_').slice(0, 40);

/**
 * Runs a Map Run to its end and writes its results where a ResultWriter wants them, also when it failed.
 *
 * @throws StateFailure the run's failure; an Interruption when the execution ends.
 */
export const performMapRun = async (
  visit: Visit<MapState>,
  mapRun: MapRun,
  { source, session }: { source: ItemSource; session: RoleSession },
): Promise<void> => {
  if (mapRun.state.status === 'SUCCEEDED') return;
  if (mapRun.state.status !== 'RUNNING') throw new StateFailure(mapRun.state.error ?? '', mapRun.state.cause);
  const { scope } = visit;
  const abort = linkedAbort(scope.signal);
  const inputs = counted(visit, mapRun, await childInputs(visit, source.items));
  let failure: unknown;
  try {
    const plan = await planOf(visit, mapRun, inputs, abort);
    assertMayRunChildren(session, visit, mapRun, plan);
    await runChildren(plan);
  } catch (error) {
    failure = error;
  } finally {
    abort.release();
  }
  if (scope.signal.aborted) {
    await inputs.return(undefined);
    throw endInterrupted(visit, mapRun);
  }
  try {
    if (visit.state.ResultWriter?.Resource !== undefined) {
      save(visit, mapRun, { written: await writeResults(visit, mapRun, inputsOf(inputs), session.clients) });
    }
    if (failure) throw failure;
    save(visit, mapRun, { status: 'SUCCEEDED', stopDate: Date.now() });
    scope.run.log(scope, 'MapRunSucceeded');
  } catch (error) {
    if (scope.signal.aborted) throw endInterrupted(visit, mapRun);
    const { error: name, cause } = explain(visit, failure ?? error);
    const members = { error: name, ...(cause !== undefined && { cause }) };
    save(visit, mapRun, { status: 'FAILED', stopDate: Date.now(), ...members });
    scope.run.log(scope, 'MapRunFailed', { mapRunFailedEventDetails: members });
    throw new StateFailure(name, cause);
  } finally {
    await inputs.return(undefined);
  }
};

const save = ({ scope }: Visit, mapRun: MapRun, changes: Partial<MapRunState>): void => {
  scope.run.environment.store.saveMapRun(scope.run.record.family, { ...mapRun.state, ...changes });
};

const planOf = async (
  visit: Visit<MapState>,
  mapRun: MapRun,
  inputs: AsyncIterator<ChildInput>,
  abort: LinkedAbort,
) => {
  const { environment, record, isRedriven } = visit.scope.run;
  const unfinished = new Set<number>();
  for (const { number, status } of mapRun.children.values()) if (status !== 'SUCCEEDED') unfinished.add(number);
  const progress =
    unfinished.size === 0
      ? new Map()
      : await readProgress(environment.store.readLines(record.family), (number) => unfinished.has(number));
  return {
    visit,
    mapRun,
    inputs,
    progress,
    isRedriven: isRedriven && visit.progress !== undefined,
    signal: childSignal(abort.signal),
    stop: () => abort.abort(new Interruption('stopped')),
  };
};

/** Whatever ends the state ends its children as ABORTED; only a shutdown leaves them RUNNING for the next process. */
const childSignal = (signal: AbortSignal): AbortSignal => {
  const controller = new AbortController();
  const follow = () => {
    const { kind } = signal.reason as Interruption;
    controller.abort(kind === 'shutdown' ? signal.reason : new Interruption('stopped'));
  };
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, { once: true });
  return controller.signal;
};

/** Notes the totals of items and children when the inputs end. */
async function* counted(
  visit: Visit<MapState>,
  mapRun: MapRun,
  inputs: AsyncIterable<ChildInput>,
): AsyncGenerator<ChildInput, void, undefined> {
  let totalItems = 0;
  let totalExecutions = 0;
  for await (const input of inputs) {
    totalItems += input.itemCount;
    totalExecutions += 1;
    yield input;
  }
  save(visit, mapRun, { totalItems, totalExecutions });
}

async function* inputsOf(inputs: AsyncGenerator<ChildInput>): AsyncGenerator<Json> {
  for await (const { input } of inputs) yield input;
}

/** Closes the run of a state that was cut off; after a shutdown it stays RUNNING. Gives the interruption. */
const endInterrupted = (visit: Visit<MapState>, mapRun: MapRun): Interruption => {
  const { scope } = visit;
  const interruption = scope.signal.reason as Interruption;
  if (interruption.kind === 'shutdown') return interruption;
  save(visit, mapRun, { status: 'ABORTED', stopDate: Date.now() });
  if (interruption.kind === 'stopped' || interruption.kind === 'sibling') scope.run.log(scope, 'MapRunAborted');
  return interruption;
};
