import type { z } from 'zod';
import { parseExact } from '#shared/json/exact-json.ts';
import type { HttpEvent } from './http-event.ts';
import type { RequestBody } from './operation.ts';
import { HttpProblem } from './problem.ts';

/** Deeper JSON says nothing here, and would exhaust the stack of what reads it. */
const MAX_JSON_DEPTH = 32;

/** A request's body: parsed where it is JSON, its text where it is of another type that the operation takes. */
export const readBody = (
  { contentTypes, maxBytes, optional }: RequestBody<z.ZodType>,
  { headers, body, isBase64Encoded }: HttpEvent,
): unknown => {
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length === 0 && optional) return {};
  const contentType = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  if (!contentTypes.includes(contentType)) {
    throw new HttpProblem(
      415,
      'UnsupportedMediaType',
      `The content type ${JSON.stringify(contentType)} is not one of: ${contentTypes.join(', ')}.`,
    );
  }
  if (bytes.length > maxBytes) {
    throw new HttpProblem(413, 'ContentTooLarge', `The body has ${bytes.length} bytes; ${maxBytes} are taken.`);
  }
  const text = decode(bytes);
  return contentType === 'application/json' ? parseJson(text) : text;
};

const decode = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new HttpProblem(400, 'InvalidRequest', 'The body is not UTF-8.');
  }
};

const parseJson = (text: string): unknown => {
  let value: unknown;
  try {
    value = parseExact(text);
  } catch {
    throw new HttpProblem(400, 'InvalidRequest', 'The body is not JSON.');
  }
  assertShallow(value);
  return value;
};

const assertShallow = (root: unknown): void => {
  let level = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_JSON_DEPTH) {
      throw new HttpProblem(400, 'InvalidRequest', `The body's JSON is nested deeper than ${MAX_JSON_DEPTH} levels.`);
    }
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
};
