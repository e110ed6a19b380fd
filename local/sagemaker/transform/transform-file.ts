import { createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { DataProcessing } from './data-processing.ts';
import type { Batch } from './records.ts';
import { batches, lines, wholeObject } from './records.ts';

/** How every file of a job is split, sent and put together again. */
export interface TransformPlan {
  readonly splitsLines: boolean;
  readonly strategy: 'MultiRecord' | 'SingleRecord';
  /** Infinity streams whole objects of any size. */
  readonly maxPayloadBytes: number;
  readonly assemblesLines: boolean;
  readonly processing: DataProcessing;
  /** Sends one request, again and again where that may help, and gives an answer whose status is 2xx. */
  invoke(body: () => Promise<Buffer | Readable>): Promise<IncomingMessage>;
}

/** The model's answer has another number of lines than the request had records, so they can't be joined. */
export class AnswerCountError extends Error {
  override readonly name = 'AnswerCountError';
}

/** Sends an object through the model and writes what becomes of it into `file`, holding one batch in memory. */
export const transformFile = async (
  plan: TransformPlan,
  openInput: () => Promise<Readable>,
  file: string,
): Promise<void> => {
  const parts =
    plan.maxPayloadBytes === Number.POSITIVE_INFINITY ? streamed(plan, openInput) : batched(plan, await openInput());
  await pipeline(parts, createWriteStream(file));
};

const LINE_FEED = Buffer.from('\n');

async function* streamed(plan: TransformPlan, openInput: () => Promise<Readable>): AsyncIterable<Buffer> {
  yield* (await plan.invoke(openInput)) as AsyncIterable<Buffer>;
  if (plan.assemblesLines) yield LINE_FEED;
}

async function* batched(plan: TransformPlan, input: Readable): AsyncIterable<Buffer> {
  const { splitsLines, strategy, maxPayloadBytes: maxBytes, processing } = plan;
  const records = splitsLines ? lines(input, maxBytes) : wholeObject(input, maxBytes);
  for await (const batch of batches(records, payloadOf(plan), { strategy, maxBytes })) {
    const answer = await plan.invoke(async () => Buffer.concat(batch.payloads));
    if (processing.finish) {
      yield Buffer.from(finished(plan, batch, await text(answer)));
    } else {
      yield* answer as AsyncIterable<Buffer>;
      if (plan.assemblesLines) yield LINE_FEED;
    }
  }
}

const payloadOf = ({ splitsLines, processing: { filterInput } }: TransformPlan): ((record: Buffer) => Buffer) =>
  filterInput === undefined
    ? (record) => record
    : (record) => Buffer.from(filterInput(withoutLineEnd(record.toString('utf8'))) + (splitsLines ? '\n' : ''));

/** Joins and filters answers record by record. */
const finished = (
  { splitsLines, assemblesLines, processing }: TransformPlan,
  { records }: Batch,
  answer: string,
): string => {
  const answers = splitsLines ? withoutLineEnd(answer).split(/\r?\n/) : [answer];
  if (answers.length !== records.length) {
    throw new AnswerCountError(
      `The model answered ${answers.length} lines to ${records.length} records; one line a record is needed.`,
    );
  }
  const end = assemblesLines ? '\n' : '';
  return records
    .map((record, index) => processing.finish!(withoutLineEnd(record.toString('utf8')), answers[index]!) + end)
    .join('');
};

const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, '');
