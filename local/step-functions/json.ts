/** A JSON value. The interpreter treats every one as immutable, so branches and iterations share them without copies. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type JsonObject = { [key: string]: Json };

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The most that an input, an output, a task's result or the variables of one `Assign` may hold, in bytes of UTF-8. */
export const MAX_PAYLOAD_BYTES = 262_144;

/** Whether a JSON text is longer than {@link MAX_PAYLOAD_BYTES}; counts bytes only where the length alone can't tell. */
export const exceedsPayloadLimit = (text: string): boolean =>
  text.length > MAX_PAYLOAD_BYTES ||
  (text.length * 3 > MAX_PAYLOAD_BYTES && Buffer.byteLength(text) > MAX_PAYLOAD_BYTES);
