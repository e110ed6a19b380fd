import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { payloads } from '#functions/prediction/score-part/payloads.ts';
import { scorePart as scorePartStep } from '#functions/prediction/score-part/score-part.ts';
import { partsUri } from '#shared/dataset/manifest.ts';
import { EndpointThrottledError, ModelTimeoutError } from '#shared/errors.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { collect } from '#test/collect.ts';
import { granted } from '#test/functions/granted.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { inMemoryModelServer } from '#test/shared/sagemaker/model-server.ts';

const scorePart = granted('scorePart', scorePartStep);

const PART_URI = `${partsUri(RUN_URI, 'score')}part-0.csv`;
const OUTPUT_URI = `${predictionPartsUri(RUN_URI)}part-00007.csv`;

let objectStore: ReturnType<typeof inMemoryObjectStore>;
beforeEach(async () => {
  objectStore = inMemoryObjectStore();
  await givenColumns('P');
});

const givenColumns = (...names: string[]): Promise<void> => givenRunWith({}, names);

const givenRunWith = async (prediction: object, names = ['P']): Promise<void> => {
  await givenRun(objectStore, {
    settings: {
      deployment: { target: 'sagemaker' },
      prediction: {
        source: { view: 'V_SCORE', key: ['ID', 'DAY'] },
        method: 'endpoint',
        columns: names.map((name) => ({ name, type: 'DOUBLE' })),
        target: { table: 'T' },
        ...prediction,
      },
    },
  });
};

const score = async (csv: string, modelServer: ModelServer = inMemoryModelServer()) => {
  await objectStore.put(PART_URI, csv);
  return scorePart({ runUri: RUN_URI, endpointName: 'flights', part: 7, uri: PART_URI }, { objectStore, modelServer });
};

describe('scorePart', () => {
  it('writes each row’s key and answer, in the rows’ order', async () => {
    const modelServer = inMemoryModelServer((row) => (row === 'aa,b' ? '0.5' : '0.25'));

    expect(await score('"1,5",mon,aa,b\n2,tue,c,d\n', modelServer)).toEqual({ part: 7, rowCount: 2 });
    expect(objectStore.objects.get(OUTPUT_URI)).toBe('"1,5",mon,0.5\n2,tue,0.25\n');
    expect(modelServer.requests).toEqual(['aa,b\nc,d\n']);
  });

  it('asks in payloads of about a megabyte, none with a single row', async () => {
    const row = (index: number) => `${index},mon,${'x'.repeat(300_000)}\n`;
    const modelServer = inMemoryModelServer();

    const { rowCount } = await score(Array.from({ length: 9 }, (_, index) => row(index)).join(''), modelServer);

    const asked = modelServer.requests.map((request) => request.split('\n').length - 1);
    expect(rowCount).toBe(9);
    expect(asked.length).toBeGreaterThan(1);
    expect(Math.min(...asked)).toBeGreaterThanOrEqual(2);
    expect(
      objectStore.objects
        .get(OUTPUT_URI)!
        .split('\n')
        .map((line) => line.split(',')[0]!),
    ).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '']);
  });

  it('passes on texts as they are, NULL and the empty text apart', async () => {
    const modelServer = inMemoryModelServer(() => ',""');
    await givenColumns('P', 'Q');

    await score('"two\nlines",,"a ""b""",""\n2,"",,x\n', modelServer);

    expect(modelServer.requests).toEqual(['"a ""b""",""\n,x\n']);
    expect(objectStore.objects.get(OUTPUT_URI)).toBe('"two\nlines",,,""\n2,"",,""\n');
  });

  it('sends a lone row twice and takes one answer', async () => {
    const modelServer = inMemoryModelServer(() => '0.5');

    await score('1,mon,a,b\n', modelServer);

    expect(modelServer.requests).toEqual(['a,b\na,b\n']);
    expect(objectStore.objects.get(OUTPUT_URI)).toBe('1,mon,0.5\n');
  });

  it.each([
    ['fewer answers than rows', '0.5\n', /1 answers to 2 rows/],
    ['more answers than rows', '0.5\n0.5\n0.5\n', /3 answers to 2 rows/],
    ['answers of another width', '0.5,1\n0.5,1\n', /2 values a row/],
    ['no text of lines at all', '[0.5, 0.5]', /1 answers to 2 rows/],
    ['answers that are no CSV', '0.5\n{"p": 1}\n', /the answer of flights, line 2: .*output_fn must answer CSV/],
  ])('refuses %s and leaves nothing to be written', async (_, answers, message) => {
    await expect(score('1,mon,a\n2,tue,b\n', { predict: async () => answers })).rejects.toMatchObject({
      name: 'DatasetMismatchError',
      message: expect.stringMatching(message),
    });
    expect(objectStore.objects.has(OUTPUT_URI)).toBe(false);
  });
});

/** What earlier tries have kept. */
const keptUris = (): string[] => [...objectStore.objects.keys()].filter((uri) => uri.includes('/answered/'));

/** As the state machine does: until it succeeds, or fails for something else than the time. */
const scoreToItsEnd = async (
  csv: string,
  modelServer: ModelServer,
  limits: Parameters<typeof scorePartStep>[2],
): Promise<number> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await objectStore.put(PART_URI, csv);
      const input = { runUri: RUN_URI, endpointName: 'flights', part: 7, uri: PART_URI };
      await scorePart(input, { objectStore, modelServer }, limits);
      return tries;
    } catch (error) {
      if ((error as Error).name !== 'PartUnfinishedError') throw error;
    }
  }
};

const ROWS = Array.from({ length: 1_200 }, (_, index) => `${index},mon,a${index}\n`).join('');
const ANSWERED = Array.from({ length: 1_200 }, (_, index) => `${index},mon,a${index}\n`).join('');

describe('a part that takes several tries', () => {
  it('goes on where the last try stopped, and asks for no row twice', async () => {
    const asked: string[] = [];
    let fails = 0;
    const modelServer: ModelServer = {
      async predict(_, csv) {
        if (asked.length > 0 && fails++ === 0) throw new EndpointThrottledError('busy');
        asked.push(...csv.trimEnd().split('\n'));
        return csv;
      },
    };

    await expect(score(ROWS, modelServer)).rejects.toMatchObject({ name: 'EndpointThrottledError' });
    expect(keptUris()).toHaveLength(1);
    expect(objectStore.objects.has(OUTPUT_URI)).toBe(false);

    expect(await score(ROWS, modelServer)).toEqual({ part: 7, rowCount: 1_200 });
    expect(asked).toEqual(Array.from({ length: 1_200 }, (_, index) => `a${index}`));
    expect(objectStore.objects.get(OUTPUT_URI)).toBe(ANSWERED);
    expect(keptUris()).toEqual([]);
  });

  it('ends a try in time, with what was answered kept', async () => {
    const modelServer = inMemoryModelServer((row) => row);
    const limits = { tryMs: 40, keepMs: 10, keepCharacters: 1_000_000 };
    const slow: ModelServer = {
      async predict(endpointName, csv) {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return modelServer.predict(endpointName, csv);
      },
    };
    await givenRunWith({ payloadKb: 1 });

    expect(await scoreToItsEnd(ROWS, slow, limits)).toBeGreaterThan(1);

    expect(objectStore.objects.get(OUTPUT_URI)).toBe(ANSWERED);
    expect(modelServer.requests.join('')).toBe(ROWS.replace(/^\d+,mon,/gm, ''));
  });

  it('does not write over what another try has kept in the meantime', async () => {
    const other = `${RUN_URI}predictions/answered/part-00007/000000000000.csv`;
    const modelServer: ModelServer = {
      async predict() {
        await objectStore.put(other, '0,mon,a0\n');
        throw new EndpointThrottledError('busy');
      },
    };

    await expect(score(ROWS, modelServer)).rejects.toMatchObject({ name: 'EndpointThrottledError' });
    expect(objectStore.objects.get(other)).toBe('0,mon,a0\n');
  });

  it('asks a slow model for as few rows as the smoke test showed, and in halves when that is too many', async () => {
    await writeFact(objectStore, RUN_URI, 'smokeTest', { endpointName: 'flights', rowCount: 10, milliseconds: 1_000 });
    const sizes: number[] = [];
    const modelServer: ModelServer = {
      async predict(_, csv) {
        const rows = csv.trimEnd().split('\n').length;
        sizes.push(rows);
        if (rows > 60) throw new ModelTimeoutError('too slow');
        return csv;
      },
    };

    await score(ROWS, modelServer);

    expect(sizes.slice(0, 3)).toEqual([100, 50, 50]);
    expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(60);
    expect(objectStore.objects.get(OUTPUT_URI)).toBe(ANSWERED);
  });
});

const MEGABYTE = { maxRows: 1_000_000, maxBytes: 1024 * 1024 };

describe('payloads', () => {
  it('hold every row once, in order, at least two each, and stay below what an endpoint takes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 700_000 }), { minLength: 2, maxLength: 40 }),
        async (sizes) => {
          const rows = sizes.map((size, index) => ({ key: [`${index}`], features: 'x'.repeat(size) }));

          const all = await collect(payloads(fromArray(rows), MEGABYTE));

          expect(all.flat()).toEqual(rows);
          for (const payload of all) {
            expect(payload.length).toBeGreaterThanOrEqual(2);
            expect(payload.reduce((sum, { features }) => sum + features.length + 1, 0)).toBeLessThan(4_000_000);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('refuse a row that no request has room for, without showing it', async () => {
    const rows = fromArray([{ key: ['secret'], features: 'x'.repeat(2_000_000) }]);

    await expect(collect(payloads(rows, MEGABYTE))).rejects.toMatchObject({
      name: 'UnstageableValueError',
      message: expect.not.stringContaining('secret'),
    });
  });
});

async function* fromArray<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
