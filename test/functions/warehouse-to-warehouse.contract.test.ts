import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planWrite as planWriteStep } from '#functions/prediction/plan-write/plan-write.ts';
import { publishPredictions as publishPredictionsStep } from '#functions/prediction/publish-predictions/publish-predictions.ts';
import { writePart as writePartStep } from '#functions/prediction/write-part/write-part.ts';
import { partsUri } from '#shared/dataset/manifest.ts';
import { PlannedPart, plannedPartsUri } from '#shared/predictions/write-record.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Row } from '#shared/warehouse/warehouse.ts';
import { granted } from '#test/functions/granted.ts';
import { stage } from '#test/functions/staging/stage.ts';
import { noRunEnds } from '#test/shared/executions/run-endings.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { type OpenHana, openHana } from '#test/shared/warehouse/open-hana.ts';

const planWrite = granted('planWrite', planWriteStep);
const publishPredictions = granted('publishPredictions', publishPredictionsStep);
const writePart = granted('writePart', writePartStep);

/** What gets lost on other ways: NULL and the empty text, quotes, line breaks, emoji, numbers that no float holds. */
const COLUMNS = [
  columnOfType('ID', 'BIGINT'),
  columnOfType('NOTE', 'NVARCHAR(100)'),
  columnOfType('AMOUNT', 'DECIMAL(38,10)'),
  columnOfType('AT', 'TIMESTAMP'),
];
const ROWS: readonly Row[] = [
  [1, null, null, null],
  [2, '', '0.0000000001', '1999-12-31 23:59:59.999999'],
  ['9007199254740993', 'a, "b"\r\nc 😀', '-1234567890123456789012345678.0123456789', '2024-02-29 00:00:00'],
];

describe('the way from a view to a table', () => {
  let hana: OpenHana;
  beforeAll(async () => {
    hana = await openHana();
    await hana.givenView('MESSAGES', COLUMNS, ROWS);
  });
  afterAll(() => hana.close());

  /** A run that scores MESSAGES with a model that answers AMOUNT and AT as they are. */
  const givenScored = async (table: string, mode: 'append' | 'upsert' | 'replace', model = 'identity') => {
    const objectStore = inMemoryObjectStore();
    await givenRun(objectStore, {
      settings: {
        deployment: { target: 'sagemaker' },
        prediction: {
          source: { view: 'MESSAGES', key: ['ID', 'NOTE'] },
          method: 'endpoint',
          columns: [
            { name: 'AMOUNT', type: 'DECIMAL(38,10)' },
            { name: 'AT', type: 'TIMESTAMP' },
          ],
          target: { table, mode },
        },
      },
    });
    const ports = { objectStore, warehouse: hana.warehouse };
    await stage('scoring', ports);
    const rows = objectStore.objects.get(`${partsUri(RUN_URI, 'score')}part-00000.csv`)!;
    objectStore.objects.set(`${predictionPartsUri(RUN_URI)}part-00000.csv`, rows);
    const { writeId, fence } = await planWrite(
      { runUri: RUN_URI, predictionsUri: predictionPartsUri(RUN_URI), rowCount: 3, model },
      { ...ports, runs: noRunEnds },
    );
    const part = PlannedPart.parse(JSON.parse(objectStore.objects.get(plannedPartsUri(RUN_URI, fence))!));
    return { ports, part, publication: { runUri: RUN_URI, writeId, fence, rowCount: 3 } };
  };

  const rowsIn = async (table: string) => {
    const sql = `SELECT "ID", "NOTE", "AMOUNT", TO_NVARCHAR("AT"), "RUN_ID", "MODEL" FROM "SPACE#USER"."${table}" ORDER BY "ID"`;
    return (await hana.warehouse.query(sql)).rows;
  };

  const EXPECTED = [
    [1, null, null, null],
    [2, '', '0.0000000001', expect.stringMatching(/^1999-12-31 23:59:59\.9999990*$/)],
    [...ROWS[2]!.slice(0, 3), expect.stringMatching(/^2024-02-29 00:00:00(\.0+)?$/)],
  ].map((row) => [...row, 'run-1', 'identity']);

  it('keeps every value as it is', async () => {
    const { ports, part, publication } = await givenScored('KEPT', 'append');

    await writePart(part, ports);
    const output = await publishPredictions(publication, ports);

    expect(output).toMatchObject({ schema: 'SPACE#USER', rowCount: 3, alreadyPublished: false });
    expect(await rowsIn('KEPT')).toEqual(EXPECTED);
  });

  it('has every row once though writers of a part and publishers overlap', async () => {
    const { ports, part, publication } = await givenScored('ONCE', 'append');

    const writers = await Promise.allSettled([writePart(part, ports), writePart(part, ports)]);
    await writePart(part, ports);
    const publishers = await Promise.allSettled([
      publishPredictions(publication, ports),
      publishPredictions(publication, ports),
    ]);
    const last = await publishPredictions(publication, ports);

    expect(failuresOf([...writers, ...publishers])).toEqual([]);
    expect(last.alreadyPublished).toBe(true);
    expect(await rowsIn('ONCE')).toHaveLength(3);
  });

  it.each(['append', 'replace'] as const)('does not write twice by %s when it is run again', async (mode) => {
    const { ports, part, publication } = await givenScored(`AGAIN_${mode}`, mode);
    await writePart(part, ports);
    await publishPredictions(publication, ports);

    const again = await publishPredictions(publication, ports);

    expect(again).toMatchObject({ rowCount: 3, alreadyPublished: true });
    expect(await rowsIn(`AGAIN_${mode}`)).toEqual(EXPECTED);
  });

  it('takes the table of an earlier run as it is', async () => {
    for (const model of ['one', 'two']) {
      const { ports, part, publication } = await givenScored('GROWING', 'append', model);
      await writePart(part, ports);
      await publishPredictions(publication, ports);
    }

    expect((await rowsIn('GROWING')).map((row) => row.at(-1)).sort()).toEqual([
      'one',
      'one',
      'one',
      'two',
      'two',
      'two',
    ]);
  });

  it('costs few round trips, and a part that is staged already fewer still', async () => {
    const { ports, part, publication } = await givenScored('COUNTED', 'append');
    const roundTripsOf = async (work: () => Promise<unknown>): Promise<number> => {
      const before = (await hana.counters()).roundTrips;
      await work();
      return (await hana.counters()).roundTrips - before;
    };

    const staged = await roundTripsOf(() => writePart(part, ports));
    const stagedAgain = await roundTripsOf(() => writePart(part, ports));
    const published = await roundTripsOf(() => publishPredictions(publication, ports));

    expect(staged).toBeLessThanOrEqual(26);
    expect(stagedAgain).toBeLessThanOrEqual(16);
    expect(published).toBeLessThanOrEqual(36);
  });

  it('refuses a key without value for an upsert, naming line and column', async () => {
    const { ports, part } = await givenScored('UPSERTED', 'upsert');

    const writing = writePart(part, ports);

    await expect(writing).rejects.toMatchObject({
      name: 'UnwritableValueError',
      message: /part-00000\.csv, line 1, column NOTE NVARCHAR\(100\): there is no value where one must be/,
    });
  });
});

/** Overlapping tries may be told to try again, and nothing else. */
const failuresOf = (results: readonly PromiseSettledResult<unknown>[]): unknown[] =>
  results
    .filter((result) => result.status === 'rejected')
    .map(({ reason }) => reason)
    .filter(({ name }) => name !== 'WarehouseUnavailableError');
