import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastingName, loadRun, RunUri, runFolderUri, runResourceName, storeUriOf } from '#shared/pipeline/run.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun, RUN_URI, STORE_URI } from './fixture.ts';

describe('run folder', () => {
  it('lies below the store, and tells the store again', () => {
    const uri = runFolderUri(STORE_URI, 'flights', 'run-1');

    expect(uri).toBe(RUN_URI);
    expect(storeUriOf(uri)).toBe(STORE_URI);
    expect(RunUri.safeParse(uri).success).toBe(true);
  });

  it.each(['s3://store/runs/flights/run-1', 's3://store/models/flights/run-1/', 'https://store/runs/a/b/'])(
    'is not %s',
    (uri) => {
      expect(RunUri.safeParse(uri).success).toBe(false);
    },
  );
});

describe('runResourceName', () => {
  it('is a name that SageMaker takes, with room for a suffix, whatever the execution is called', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/),
        fc.string({ minLength: 1, maxLength: 80 }),
        (pipeline, runId) => {
          const name = runResourceName({ pipeline, runUri: runFolderUri('s3://store', pipeline, runId) });

          expect(name).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/);
          expect(name.length).toBeLessThanOrEqual(45);
        },
      ),
    );
  });

  it('is the same for the same run and another for another, also for one of the same id in another store', () => {
    const nameIn = (store: string, runId: string) =>
      runResourceName({ pipeline: 'flights', runUri: runFolderUri(store, 'flights', runId) });

    expect(nameIn('s3://dev', 'run-1')).toBe(nameIn('s3://dev', 'run-1'));
    expect(nameIn('s3://dev', 'run-2')).not.toBe(nameIn('s3://dev', 'run-1'));
    expect(nameIn('s3://prod', 'run-1')).not.toBe(nameIn('s3://dev', 'run-1'));
  });
});

it.each([
  [undefined, 'flights'],
  ['prod', 'flights-prod'],
])('lasting things of the stage %s are called %s', (stage, name) => {
  expect(lastingName({ pipeline: 'flights', stage })).toBe(name);
});

describe('loadRun', () => {
  it('reads what was resolved, also from the record of a run that has ended', async () => {
    const objectStore = inMemoryObjectStore();
    const run = await givenRun(objectStore);
    await objectStore.put(`${RUN_URI}run.json`, JSON.stringify({ ...run, outcome: 'succeeded' }));

    expect(await loadRun(objectStore, RUN_URI)).toEqual(run);
  });

  it('refuses a record that is something else, by its URI', async () => {
    const objectStore = inMemoryObjectStore();
    await objectStore.put(`${RUN_URI}run.json`, '{}');

    await expect(loadRun(objectStore, RUN_URI)).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining(`${RUN_URI}run.json`),
    });
  });
});
