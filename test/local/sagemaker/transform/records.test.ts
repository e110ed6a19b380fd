import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batches, lines } from '#local/sagemaker/transform/records.ts';

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
};

describe('records', () => {
  it('are the lines of a stream, however it is cut into chunks', async () => {
    const chunks = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '\n', '\r', '"', ',') }), { maxLength: 20 });

    await fc.assert(
      fc.asyncProperty(chunks, async (parts) => {
        const whole = parts.join('');

        const found = await collect(
          lines(Readable.from(parts.map((part) => Buffer.from(part)).filter((part) => part.length > 0)), 1e6),
        );

        expect(found.map(String).join('')).toBe(whole);
        expect(
          found.every(
            (line, index) => line.indexOf(10) === line.length - 1 || (index === found.length - 1 && !line.includes(10)),
          ),
        ).toBe(true);
      }),
    );
  });

  it('are batched in order, each batch within its limit and as full as it can be', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 40 });

    await fc.assert(
      fc.asyncProperty(sizes, async (lengths) => {
        const records = lengths.map((length, index) => Buffer.alloc(length, 97 + (index % 26)));

        const found = await collect(
          batches(Readable.from(records), (record) => record, { strategy: 'MultiRecord', maxBytes: 10 }),
        );

        const batchSizes = found.map(({ payloads }) => Buffer.concat(payloads).length);
        expect(Buffer.concat(found.flatMap((batch) => batch.records))).toEqual(Buffer.concat(records));
        expect(Math.max(0, ...batchSizes)).toBeLessThanOrEqual(10);
        for (let index = 1; index < found.length; index += 1) {
          expect(batchSizes[index - 1]! + found[index]!.payloads[0]!.length).toBeGreaterThan(10);
        }
      }),
    );
  });
});
