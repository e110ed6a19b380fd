import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import listPrices from './prices.json' with { type: 'json' };

const Price = z.number().nonnegative();
const PerMany = z.strictObject({ per: z.int().positive(), price: Price });

/** What AWS charged on a day in one region, before discounts and free tiers. */
export const PriceTable = z.strictObject({
  /** The day that the prices are of. */
  asOf: z.iso.date(),
  currency: z.string().min(1),
  region: z.string().min(1),
  sources: z.array(z.string()).min(1),
  /** Of one instance for training, transforms or endpoints, by its type. */
  instanceHour: z.record(z.string().startsWith('ml.'), Price),
  functionGbSecond: Price,
  functionCalls: PerMany,
  stateTransitions: PerMany,
});
export type PriceTable = z.infer<typeof PriceTable>;

/** The table of this repository: on-demand list prices. */
export const LIST_PRICES: PriceTable = PriceTable.parse(listPrices);

/**
 * Reads a table of one's own, such as of another region or with agreed discounts.
 *
 * @throws InvalidInputError with every mistake at once.
 */
export const parsePrices = (text: string, name: string): PriceTable => {
  const parsed = PriceTable.safeParse(parseJson(text, name));
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(
    `${name} is no table of prices like shared/cost/prices.json.\n${z.prettifyError(parsed.error)}`,
  );
};

const parseJson = (text: string, name: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidInputError(`${name} is not JSON: ${(error as Error).message}`, { cause: error });
  }
};
