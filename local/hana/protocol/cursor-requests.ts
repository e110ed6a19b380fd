import { ByteReader } from './byte-reader.ts';
import type { ClientSession } from './client-session.ts';
import { FUNCTION_CODE, PART_KIND } from './codes.ts';
import { findPart, type Request, requirePart } from './framing.ts';
import type { Reply } from './reply.ts';

export const fetchNext = async (request: Request, session: ClientSession): Promise<Reply> => {
  const resultSet = session.resultSet(resultSetId(request));
  const size = findPart(request, PART_KIND.FETCH_SIZE);
  try {
    const { part, isLast } = await resultSet.next(size ? Math.max(1, new ByteReader(size.data).i32()) : undefined);
    if (isLast) await session.closeResultSet(resultSet);
    return { functionCode: FUNCTION_CODE.FETCH, parts: [part] };
  } catch (error) {
    await session.closeResultSet(resultSet);
    throw error;
  }
};

export const closeResultSet = async (request: Request, session: ClientSession): Promise<Reply> => {
  await session.closeResultSet(session.resultSet(resultSetId(request)));
  return { functionCode: FUNCTION_CODE.CLOSE_CURSOR, parts: [] };
};

const resultSetId = (request: Request): bigint =>
  new ByteReader(requirePart(request, PART_KIND.RESULT_SET_ID, 'RESULT_SET_ID').data).i64();
