import { hash } from 'node:crypto';
import { isExactNumber } from '#shared/json/exact-json.ts';

/** SHA-256 of a JSON value. The order in which an object's names were written doesn't count; that of a list does. */
export const contentSha256 = (content: unknown): string => hash('sha256', JSON.stringify(content, inNameOrder), 'hex');

const inNameOrder = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value)
    ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
    : value;
