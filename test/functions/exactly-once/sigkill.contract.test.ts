import { fork } from 'node:child_process';
import { once } from 'node:events';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastDatasetUri } from '#shared/dataset/last-dataset.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import type { WriteMode } from '#shared/predictions/target-table.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { type OpenS3, openS3 } from '#test/local/s3/open-s3.ts';
import { givenRun } from '#test/shared/pipeline/fixture.ts';
import { type OpenHana, openHana } from '#test/shared/warehouse/open-hana.ts';
import type { Doom, KilledBefore } from './doomed-process.ts';
import { forget, givenScoredRun, leftBy, neutral } from './scored-run.ts';
import { type StagingVariables, stagingSteps, type WriteVariables, writeBackSteps } from './steps.ts';

/** Effects are named as `mortal.ts` does. The plan commits twice, each part twice, and the publication once. */
const KILLS: readonly (readonly [sentence: string, WriteMode, KilledBefore])[] = [
  ['with the lease taken and no table made', 'append', { effect: 'createTable', occurrence: 4 }],
  ['with a batch sent and not committed', 'append', { effect: 'insertFenced', occurrence: 1 }],
  ['with one part committed, before it is acknowledged', 'append', { effect: 'acknowledge', occurrence: 4 }],
  ['with everything published and not committed', 'replace', { effect: 'freeLease', occurrence: 1 }],
  ['with everything committed, before it is acknowledged', 'append', { effect: 'acknowledge', occurrence: 7 }],
];

describe('processes that stage and write with the real clients', () => {
  let hana: OpenHana;
  let s3: OpenS3;
  beforeAll(async () => {
    [hana, s3] = await Promise.all([openHana(), openS3()]);
    await s3.client.send(new CreateBucketCommand({ Bucket: 'store' }));
    const columns = [columnOfType('ID', 'BIGINT'), columnOfType('LATE', 'INTEGER')];
    const rows = Array.from({ length: 40 }, (_, id) => [id, id % 2]);
    await hana.givenView('V_TRAINING', columns, rows);
  });
  afterAll(async () => {
    await hana.close();
    await s3[Symbol.asyncDispose]();
  });

  /** Does the work in a process of its own, which is killed. */
  const doAndDie = async (work: Doom['work'], killedBefore: KilledBefore): Promise<void> => {
    const child = fork(new URL('doomed-process.ts', import.meta.url));
    child.send({ work, killedBefore, credentials: hana.credentials, s3Url: s3.url } satisfies Doom);
    const [code, signal] = await once(child, 'exit');
    if (signal !== 'SIGKILL') throw new Error(`The process was not killed, and ended with ${code ?? signal}.`);
  };

  /** What a run leaves that this process begins, or takes up after another one was killed. */
  const left = async (runId: string, mode: WriteMode, killedBefore?: KilledBefore): Promise<string> => {
    const ports = { objectStore: s3ObjectStore(s3.client), warehouse: hana.warehouse };
    const run = await givenScoredRun(ports, { runId, mode });
    if (killedBefore) await doAndDie({ write: run }, killedBefore);
    let variables: WriteVariables = {};
    for (const step of writeBackSteps(run, ports)) variables = await step(variables, ports);
    const { writeId } = variables.plan!;
    const rest = await leftBy(ports, run, writeId);
    await forget(ports, run.table, writeId);
    return JSON.stringify(rest, null, 1)
      .replaceAll(runId, 'RUN')
      .replace(/[0-9a-fA-F]{64}/g, 'WRITE');
  };

  const undisturbed = new Map<WriteMode, string>();

  it.each(KILLS)('and are killed %s leave what one leaves that lived', async (_sentence, mode, killedBefore) => {
    const expected = undisturbed.get(mode) ?? (await left('lived', mode));
    undisturbed.set(mode, expected);

    const afterKill = await left('killed', mode, killedBefore);

    expect(afterKill).toBe(expected);
  });

  it.each([
    ['a partition is uploaded', { effect: 'putStream', occurrence: 1 }],
    ['the dataset is sealed', { effect: 'put', occurrence: 7 }],
  ])('and are killed before %s leave the objects that one leaves that lived', async (_sentence, killedBefore) => {
    const objectStore = s3ObjectStore(s3.client);
    const staged = async (runId: string, isKilled: boolean): Promise<Record<string, string>> => {
      const { runUri } = await givenRun(objectStore, { runId });
      await objectStore.delete(lastDatasetUri(runUri, 'training'));
      if (isKilled) await doAndDie({ stage: runUri }, killedBefore);
      let variables: StagingVariables = {};
      const ports = { objectStore, warehouse: hana.warehouse };
      for (const step of stagingSteps(runUri, 'training', ports)) variables = await step(variables, ports);
      const objects: Record<string, string> = {};
      for await (const { uri } of objectStore.list(runUri)) {
        objects[uri.slice(runUri.length)] = neutral((await objectStore.getText(uri)).text).replaceAll(runId, 'RUN');
      }
      return objects;
    };

    const expected = await staged(`whole-${killedBefore.effect}`, false);
    const afterKill = await staged(`killed-${killedBefore.effect}`, true);

    expect(afterKill).toEqual(expected);
  });
});
