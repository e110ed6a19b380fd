import type { HanaSession } from '#local/hana/engine.ts';
import { ByteReader } from './byte-reader.ts';
import { decodeCesu8 } from './cesu8.ts';
import { PART_KIND } from './codes.ts';
import { findPart, type Request } from './framing.ts';
import { readVariableLength } from './variable-length.ts';

/** Session variables that ride on a request (the native client sends its `sessionVariable:` properties so) become SET statements. */
export const applyClientInfo = async (request: Request, session: HanaSession): Promise<void> => {
  const part = findPart(request, PART_KIND.CLIENT_INFO);
  if (!part) return;
  const reader = new ByteReader(part.data);
  while (reader.remaining > 0) {
    const key = readText(reader) ?? '';
    const value = readText(reader);
    const name = quoted(key);
    const statement = await session.prepare(value === undefined ? `UNSET ${name}` : `SET ${name} = ${quoted(value)}`);
    await statement.execute([[]], { autocommit: false });
    await statement.close();
  }
};

const readText = (reader: ByteReader): string | undefined => {
  const length = readVariableLength(reader);
  return length === undefined ? undefined : decodeCesu8(reader.take(length));
};

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
