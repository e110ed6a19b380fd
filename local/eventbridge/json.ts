/** What `JSON.parse` returns. */
export type Json = string | number | boolean | null | Json[] | JsonRecord;

export interface JsonRecord {
  readonly [key: string]: Json;
}

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
