import type { HanaError } from '#local/hana/engine.ts';
import { encodeCesu8 } from './cesu8.ts';
import { PART_KIND } from './codes.ts';
import type { ReplyPart } from './reply.ts';

/** `fatal` tells the client that the connection is over. */
export const errorPart = (error: HanaError, severity: 'error' | 'fatal' = 'error'): ReplyPart => {
  const text = encodeCesu8(error.message);
  const data = Buffer.alloc(FIXED_BYTES + text.length + 1);
  data.writeInt32LE(error.code, 0);
  data.writeInt32LE(text.length, 8);
  data.writeInt8(LEVEL[severity], 12);
  data.write(error.sqlState.padEnd(5, '0').slice(0, 5), 13, 'latin1');
  text.copy(data, FIXED_BYTES);
  return { kind: PART_KIND.ERROR, argumentCount: 1, data };
};

/** Code, position, text length, level and SQLSTATE stand before the text, a zero behind it. */
const FIXED_BYTES = 18;

const LEVEL = { error: 1, fatal: 2 } as const;
