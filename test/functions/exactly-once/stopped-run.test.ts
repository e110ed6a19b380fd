import { expect, it, onTestFinished } from 'vitest';
import { planWrite as planWriteStep } from '#functions/prediction/plan-write/plan-write.ts';
import { publishPredictions as publishPredictionsStep } from '#functions/prediction/publish-predictions/publish-predictions.ts';
import { writePart as writePartStep } from '#functions/prediction/write-part/write-part.ts';
import type { RunEndings } from '#shared/executions/run-endings.ts';
import { PlannedPart, plannedPartsUri } from '#shared/predictions/write-record.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { granted } from '#test/functions/granted.ts';
import { noRunEnds } from '#test/shared/executions/run-endings.ts';
import { openEngine } from './engine-connections.ts';
import { givenScoredRun, leftBy, type ScoredRun } from './scored-run.ts';
import { sqlWorld, type World } from './world.ts';

const planWrite = granted('planWrite', planWriteStep);
const publishPredictions = granted('publishPredictions', publishPredictionsStep);
const writePart = granted('writePart', writePartStep);

/** A warehouse whose table a run has, which was stopped with one of its two parts staged. */
const givenStoppedRun = async () => {
  const engine = await openEngine();
  onTestFinished(() => engine.close());
  const world = sqlWorld(engine);
  const stopped = await givenScoredRun(world, { runId: 'stopped', mode: 'append' });
  const { parts } = await plan(world, stopped);
  await writePart(parts[0]!, world.startProcess());
  return { world, stopped, parts, next: await givenScoredRun(world, { runId: 'next', mode: 'append' }) };
};

const plan = async (world: World, { runUri, rowCount }: ScoredRun, runs: RunEndings = noRunEnds) => {
  const input = { runUri, predictionsUri: predictionPartsUri(runUri), rowCount, model: 'model-1' };
  const { writeId, fence } = await planWrite(input, { ...world.startProcess(), runs });
  const { text } = await world.objectStore.getText(plannedPartsUri(runUri, fence));
  const parts = text.trimEnd().split('\n');
  return {
    parts: parts.map((line) => PlannedPart.parse(JSON.parse(line))),
    publication: { runUri, writeId, fence, rowCount },
  };
};

const writeAll = async (world: World, { parts, publication }: Awaited<ReturnType<typeof plan>>) => {
  for (const part of parts) await writePart(part, world.startProcess());
  return publishPredictions(publication, world.startProcess());
};

const stoppedHasEnded: RunEndings = { hasEnded: async (runId) => runId === 'stopped' };

it('loses its table to the next run at once, and what still works for it writes nothing', async () => {
  const { world, parts, next } = await givenStoppedRun();

  const planned = await plan(world, next, stoppedHasEnded);
  const straggler = writePart(parts[1]!, world.startProcess());
  await expect(straggler).rejects.toMatchObject({ name: 'LeaseLostError' });
  await writeAll(world, planned);

  const { rows } = await leftBy(world, next, planned.publication.writeId);
  expect(rows.map((row) => JSON.parse(row)[3])).toEqual(['run-0', 'run-0', 'next', 'next', 'next']);
});

it('goes on when it is taken up again after the other', async () => {
  const { world, stopped, next } = await givenStoppedRun();
  await writeAll(world, await plan(world, next, stoppedHasEnded));

  const { rowCount, alreadyPublished } = await writeAll(world, await plan(world, stopped));

  expect({ rowCount, alreadyPublished }).toEqual({ rowCount: 3, alreadyPublished: false });
});

it('keeps its table from others as long as it may be going', async () => {
  const { world, next } = await givenStoppedRun();

  await expect(plan(world, next)).rejects.toMatchObject({
    name: 'TargetTableBusyError',
    message: expect.stringContaining('The run stopped is writing to SCORES'),
  });
});
