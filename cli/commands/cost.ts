import { readFile } from 'node:fs/promises';
import { config } from '#shared/config.ts';
import { type Cost, costOf } from '#shared/cost/cost.ts';
import { LIST_PRICES, type PriceTable, parsePrices } from '#shared/cost/prices.ts';
import { type JobTimes, usageOfRun } from '#shared/cost/usage.ts';
import { UnknownRunError } from '#shared/errors.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { findRunUri } from '#shared/pipeline/run-index.ts';
import { loadRunRecord, type RunRecord } from '#shared/pipeline/run-record.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { withCloud } from '../session.ts';
import { EXIT, UsageError } from '../usage.ts';
import type { Command } from './command.ts';

export const cost: Command = {
  usage: 'cost <run> [--prices <file>] [--json]',
  summary: 'Tells what a run that has ended cost on AWS, or would have cost there, and what that leaves out.',
  details: [
    '  Instances by the seconds that are billed, functions and state transitions by an estimate from the number of parts.',
    `  Prices: shared/cost/prices.json, of ${LIST_PRICES.region} on ${LIST_PRICES.asOf}; --prices names a table of the same form for`,
    '  another region, or with discounts. On the local cloud seconds are those of this computer, not of the instance.',
  ],
  options: { prices: { type: 'string' }, json: { type: 'boolean' } },
  positionals: [1, 1],
  async run({ positionals, options, out }) {
    const prices = await pricesIn(options.prices as string | undefined);
    return withCloud(out, async () => {
      const record = await recordOf(positionals[0]!);
      const found = costOf(usageOfRun(record, await timesOf(record)), prices);
      if (options.json) out.print(JSON.stringify({ runId: record.runId, asOf: prices.asOf, ...found }, null, 2));
      else for (const line of costLines(found, prices, config().region)) out.print(line);
      return EXIT.done;
    });
  },
};

const pricesIn = async (file: string | undefined): Promise<PriceTable> => {
  if (file === undefined) return LIST_PRICES;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--prices names ${file}, which can't be read: ${(error as Error).message}`, { cause: error });
  }
  return parsePrices(text, file);
};

const recordOf = async (runId: string): Promise<RunRecord> => {
  try {
    return await loadRunRecord(s3ObjectStore(), await findRunUri(s3ObjectStore(), config().storeUri, runId));
  } catch (error) {
    if (!(error instanceof UnknownRunError)) throw error;
    throw new UnknownRunError(`There is no run ${runId}. \`npx fedml runs\` lists them.`, { cause: error });
  }
};

/** What the record doesn't have: a training that failed, and how long a transform took. */
const timesOf = async ({ training, prediction }: RunRecord): Promise<JobTimes> => {
  const trainingJobName = training.job?.name;
  const transformJobName = prediction.transformJob?.name;
  const [trained, transformed] = await Promise.all([
    typeof trainingJobName === 'string' ? sageMaker().describeTrainingJob(trainingJobName) : undefined,
    typeof transformJobName === 'string' ? sageMaker().describeTransformJob(transformJobName) : undefined,
  ]);
  const { TransformStartTime: start, TransformEndTime: end } = transformed ?? {};
  return {
    trainingSeconds: trained?.BillableTimeInSeconds,
    transformSeconds: start && end && (end.getTime() - start.getTime()) / 1000,
  };
};

/** A cost in lines: what is known, its sum, by which prices, and what is left out. */
export const costLines = ({ lines, total, notCounted }: Cost, prices: PriceTable, region: string): string[] => [
  ...lines.map(({ what, amount, cost: price }) => `  ${what.padEnd(16)} ${money(price).padStart(10)}  ${amount}`),
  `  ${'total'.padEnd(16)} ${money(total).padStart(10)}  ${prices.currency}, list prices of ${prices.region} on ${prices.asOf}`,
  ...(region === prices.region ? [] : [`  ${' '.repeat(28)} ${region} has prices of its own: --prices <file>`]),
  '',
  '  Not counted:',
  ...notCounted.map((each) => `  - ${each}`),
];

/** To a hundredth of a cent: a run of transitions alone costs less than a cent. */
const money = (amount: number | undefined): string => (amount === undefined ? '?' : amount.toFixed(4));
