import { setImmediate } from 'node:timers/promises';
import { DuckDBDataChunk, INTEGER } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import type { HanaColumn, HanaCursor } from '#local/hana/engine.ts';
import { LobStore } from '#local/hana/protocol/lob-store.ts';
import { ResultSet } from '#local/hana/protocol/result-set.ts';

const COLUMNS: readonly HanaColumn[] = [
  { name: 'I', type: { name: 'INTEGER', length: 10, scale: 0 }, nullable: false },
];

/** 2048 rows a chunk; counts what is taken, and fails at the chunk it is told to. */
const cursorOf = (chunkCount: number, failAt = -1) => {
  const state = { taken: 0, isClosed: false };
  const cursor: HanaCursor = {
    columns: COLUMNS,
    nextChunk: async () => {
      if (state.taken === failAt) throw new Error('the disk is gone');
      if (state.taken === chunkCount) return undefined;
      const chunk = DuckDBDataChunk.create([INTEGER], 2048);
      chunk.setColumns([Array.from({ length: 2048 }, (_, row) => state.taken * 2048 + row)]);
      state.taken += 1;
      return chunk;
    },
    close: async () => {
      state.isClosed = true;
    },
  };
  return { cursor, state };
};

const open = (cursor: HanaCursor) => new ResultSet(1n, cursor, { dataFormat: 10, lobs: new LobStore() });

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await setImmediate();
};

it('gives as many rows as asked for, each once, and says which are the last', async () => {
  const { cursor } = cursorOf(2);
  const resultSet = open(cursor);

  const counts: number[] = [];
  const firstValues: number[] = [];
  for (let isLast = false; !isLast; ) {
    const reply = await resultSet.next(1000);
    isLast = reply.isLast;
    counts.push(reply.part.argumentCount);
    firstValues.push(reply.part.data.readInt32LE(1));
    expect(reply.part.attributes).toBe(isLast ? 0x11 : 0);
  }

  expect(counts).toEqual([1000, 1000, 1000, 1000, 96]);
  expect(firstValues).toEqual([0, 1000, 2000, 3000, 4000]);
});

it('prepares one block ahead and no more', async () => {
  const { cursor, state } = cursorOf(100_000);
  const resultSet = open(cursor);
  await turns(1000);
  const beforeFirst = state.taken;

  const { part } = await resultSet.next();
  await turns(1000);
  const afterFirst = state.taken;
  await turns(1000);

  expect(part.argumentCount).toBe(65_536);
  expect(beforeFirst).toBe(33); // 65,536 rows, and the chunk that shows there are more
  expect(afterFirst).toBe(65); // the chunk at hand, 31 more, and one that shows there are more
  expect(state.taken).toBe(afterFirst);
});

it('passes an error that strikes ahead of time on to the fetch that needs the rows', async () => {
  const { cursor } = cursorOf(1000, 40);
  const resultSet = open(cursor);

  await resultSet.next();
  await turns(100);

  await expect(resultSet.next()).rejects.toThrow('the disk is gone');
  await resultSet.close();
});

it('closes the cursor after the block that is being prepared', async () => {
  const { cursor, state } = cursorOf(1000);
  const resultSet = open(cursor);
  await resultSet.next();

  await resultSet.close();

  expect(state.isClosed).toBe(true);
});

it('marks an empty result as its clients need it', async () => {
  const { cursor } = cursorOf(0);

  const { part, isLast } = await open(cursor).next();

  expect({ attributes: part.attributes, count: part.argumentCount, isLast }).toEqual({
    attributes: 0x19,
    count: 0,
    isLast: true,
  });
});
