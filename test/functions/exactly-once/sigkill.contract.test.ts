import { fork } from 'node:child_process';
import { once } from 'node:events';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import type { WriteMode } from '#shared/predictions/target-table.ts';
import { type OpenS3, openS3 } from '#test/local/s3/open-s3.ts';
import { type OpenHana, openHana } from '#test/shared/warehouse/open-hana.ts';
import type { Doom } from './doomed-process.ts';
import { forget, givenScoredRun, leftBy } from './scored-run.ts';
import type { WriteVariables } from './steps.ts';

/** Effects are named as `mortal.ts` does. The plan commits twice, each part twice, and the publication once. */
const KILLS: readonly (readonly [sentence: string, WriteMode, NonNullable<Doom['killedBefore']>])[] = [
  ['with the lease taken and no table made', 'append', { effect: 'createTable', occurrence: 4 }],
  ['with a batch sent and not committed', 'append', { effect: 'insertFenced', occurrence: 1 }],
  ['with one part committed, before it is acknowledged', 'append', { effect: 'acknowledge', occurrence: 4 }],
  ['with everything published and not committed', 'replace', { effect: 'freeLease', occurrence: 1 }],
  ['with everything committed, before it is acknowledged', 'append', { effect: 'acknowledge', occurrence: 7 }],
];

describe('processes that write predictions with the real clients', () => {
  let hana: OpenHana;
  let s3: OpenS3;
  beforeAll(async () => {
    [hana, s3] = await Promise.all([openHana(), openS3()]);
    await s3.client.send(new CreateBucketCommand({ Bucket: 'store' }));
  });
  afterAll(async () => {
    await hana.close();
    await s3[Symbol.asyncDispose]();
  });

  /** Runs the write in a process of its own; undefined when it was killed. */
  const write = async (doom: Omit<Doom, 'credentials' | 's3Url'>): Promise<WriteVariables | undefined> => {
    const argument = JSON.stringify({ ...doom, credentials: hana.credentials, s3Url: s3.url });
    const child = fork(new URL('doomed-process.ts', import.meta.url), [argument]);
    let variables: WriteVariables | undefined;
    child.on('message', (message) => {
      variables = message as WriteVariables;
    });
    const [code, signal] = await once(child, 'exit');
    if (signal !== 'SIGKILL' && code !== 0) throw new Error(`The process ended with ${code ?? signal}.`);
    return variables;
  };

  const left = async (runId: string, mode: WriteMode, killedBefore?: Doom['killedBefore']) => {
    const ports = { objectStore: s3ObjectStore(s3.client), warehouse: hana.warehouse };
    const run = await givenScoredRun(ports, { runId, mode });
    const first = await write(killedBefore ? { run, killedBefore } : { run });
    const variables = first ?? (await write({ run }));
    const rest = await leftBy(ports, run, variables!.plan!.writeId);
    await forget(ports, run.table, variables!.plan!.writeId);
    return { wasKilled: first === undefined, text: JSON.stringify(rest, null, 1).replaceAll(runId, 'RUN') };
  };

  const livedTexts = new Map<WriteMode, Promise<string>>();
  const livedText = (mode: WriteMode): Promise<string> => {
    const text = livedTexts.get(mode) ?? left('lived', mode).then((lived) => lived.text);
    livedTexts.set(mode, text);
    return text;
  };

  it.each(KILLS)('and are killed %s leave what one leaves that lived', async (_sentence, mode, killedBefore) => {
    const lived = await livedText(mode);

    const killed = await left('killed', mode, killedBefore);

    expect(killed.wasKilled).toBe(true);
    expect(neutralIds(killed.text)).toBe(neutralIds(lived));
  });
});

/** The id of a write is made of its run's name, too. */
const neutralIds = (text: string): string => text.replace(/[0-9a-fA-F]{64}/g, 'WRITE');
