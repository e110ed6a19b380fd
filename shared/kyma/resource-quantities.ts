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
