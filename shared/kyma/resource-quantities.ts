import { z } from 'zod';

/** Quantities of Kubernetes, in the units that a model's container is measured in. */
export const CpuQuantity = z
  .string()
  .regex(/^(\d+m|\d+(\.\d{1,3})?)$/, 'must be a CPU quantity such as "250m" or "1"')
  .refine((text) => milliCpus(text) > 0, 'must be more than 0');

export const MemoryQuantity = z.string().regex(/^[1-9]\d*(Mi|Gi)$/, 'must be a memory quantity such as 512Mi or 2Gi');

export const milliCpus = (text: string): number =>
  text.endsWith('m') ? Number(text.slice(0, -1)) : Math.round(Number(text) * 1000);

export const mebibytes = (text: string): number => Number(text.slice(0, -2)) * (text.endsWith('Gi') ? 1024 : 1);

const QUANTITY = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;

const UNITS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number of a Kubernetes quantity such as `250m` or `2Gi`; undefined for anything else. */
export const quantityOf = (text: string): number | undefined => {
  const [, digits, unit = ''] = QUANTITY.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (UNITS[unit] ?? 1);
};
