import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { RegistryRefusedError } from '#shared/errors.ts';

/** Error bodies are short; whatever sends more is cut off. */
const MAX_ERROR_BYTES = 16 * 1024;

/** The beginning of an answer's body as text. */
export const readText = async (response: IncomingMessage): Promise<string> =>
  (await readBounded(response, MAX_ERROR_BYTES)).bytes.toString('utf8');

/** An answer's body up to a limit; `complete` is false when there was more. */
export const readBounded = async (
  response: IncomingMessage,
  maxBytes: number,
): Promise<{ readonly bytes: Buffer; readonly complete: boolean }> => {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  for await (const chunk of response.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    byteCount += (chunk as Buffer).length;
    if (byteCount > maxBytes) break;
  }
  if (byteCount > maxBytes) response.destroy();
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), complete: byteCount <= maxBytes };
};

const RegistryErrors = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().optional() })).min(1),
});

export interface RegistryAnswer {
  readonly statusCode: number;
  /** The registry's error codes, such as `BLOB_UNKNOWN`. */
  readonly codes: readonly string[];
  /** The registry's own words. */
  readonly text: string;
}

/** What a registry says in a refusal, in the specification's form or not. */
export const readRefusal = async (response: IncomingMessage): Promise<RegistryAnswer> => {
  const text = await readText(response);
  const statusCode = response.statusCode ?? 0;
  const parsed = RegistryErrors.safeParse(parseJson(text));
  if (!parsed.success) return { statusCode, codes: [], text: text.slice(0, 500) };
  const { errors } = parsed.data;
  return {
    statusCode,
    codes: errors.map(({ code }) => code),
    text: errors.map(({ code, message }) => (message ? `${code}: ${message}` : code)).join('; '),
  };
};

/** The error for an answer that nothing can be done about; `what` begins its sentence. */
export const refusal = (what: string, { statusCode, text }: RegistryAnswer): RegistryRefusedError =>
  new RegistryRefusedError(`${what} was refused with ${statusCode}${text && `: ${text}`}`);

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
