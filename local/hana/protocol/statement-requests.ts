import type { HanaError } from '#local/hana/engine.ts';
import { ByteReader } from './byte-reader.ts';
import { decodeCesu8 } from './cesu8.ts';
import type { ClientSession } from './client-session.ts';
import { FUNCTION_CODE, PART_ATTRIBUTE, PART_KIND } from './codes.ts';
import { errorPart } from './error-part.ts';
import { asHanaError, HANA_ERRORS } from './errors.ts';
import { findPart, type Request, type RequestPart, requirePart } from './framing.ts';
import { writeLobReplyPart } from './lob-requests.ts';
import { decodeParameters } from './parameter-decoder.ts';
import type { Reply, ReplyPart } from './reply.ts';
import { idBytes, rowsAffectedPart, run, STATEMENT_FUNCTION } from './run-statement.ts';
import { parameterMetadataPart, resultSetMetadataPart } from './wire-types.ts';

export const executeDirect = async (request: Request, session: ClientSession): Promise<Reply> => {
  const open = await session.prepare(commandOf(request));
  try {
    if (open.statement.parameters.length > 0) {
      throw HANA_ERRORS.notSupported('parameters in a statement that is executed directly; prepare it');
    }
    return await run(session, open, [[]], request.commit);
  } finally {
    await session.dropStatement(open);
  }
};

export const prepare = async (request: Request, session: ClientSession): Promise<Reply> => {
  const open = await session.prepare(commandOf(request));
  const { kind, parameters, columns } = open.statement;
  const parts: ReplyPart[] = [{ kind: PART_KIND.STATEMENT_ID, argumentCount: 1, data: idBytes(open.id) }];
  if (parameters.length > 0) parts.push(parameterMetadataPart(parameters, session.dataFormat));
  if (columns) parts.push(resultSetMetadataPart(columns, session.dataFormat));
  return { functionCode: STATEMENT_FUNCTION[kind], parts };
};

export const execute = async (request: Request, session: ClientSession): Promise<Reply> => {
  const open = session.statement(statementId(request));
  const part = findPart(request, PART_KIND.PARAMETERS);
  session.pendingInsert = undefined;
  const batch = batchPosition(part);
  const autocommit = request.commit && batch !== 'first' && batch !== 'next';
  try {
    const { rows, openLobs } = part ? decodeParameters(part, open.statement.parameters) : NO_PARAMETERS;
    if (openLobs.length > 0) {
      const lobs = new Map(openLobs.map((lob) => [session.lobs.nextLocator(), lob]));
      session.pendingInsert = { open, rows, autocommit, lobs };
      const affected = rows.map(() => 1);
      return {
        functionCode: STATEMENT_FUNCTION[open.statement.kind],
        parts: [writeLobReplyPart([...lobs.keys()]), rowsAffectedPart(affected)],
      };
    }
    const reply = await run(session, open, rows.length > 0 ? rows : [[]], autocommit);
    session.splitBatch = request.commit && !autocommit ? open.id : undefined;
    return reply;
  } catch (error) {
    if (session.splitBatch !== undefined) await abandonSplitBatch(session);
    if (!(error instanceof Error) || !part || part.argumentCount < 2) throw error;
    return failedBatch(asHanaError(error), part.argumentCount);
  }
};

/** Undoes a batch of which some packets were executed and the rest won't come. */
export const abandonSplitBatch = async (session: ClientSession): Promise<void> => {
  session.splitBatch = undefined;
  await session.rollback();
};

export const dropStatement = async (request: Request, session: ClientSession): Promise<Reply> => {
  await session.dropStatement(session.statement(statementId(request)));
  return { functionCode: FUNCTION_CODE.NONE, parts: [] };
};

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

const NO_PARAMETERS = { rows: [[]], openLobs: [] } as const;

/** Row counts that stand for an outcome instead. */
const ROW_STATUS = { NO_INFO: -2, FAILED: -3 } as const;

/** A batch is undone as a whole; the row that failed is marked where it is known. */
const failedBatch = (error: HanaError, rowCount: number): Reply => {
  const affected = new Array<number>(rowCount).fill(ROW_STATUS.NO_INFO);
  if (error.failedRow !== undefined && error.failedRow < rowCount) affected[error.failedRow] = ROW_STATUS.FAILED;
  return { functionCode: FUNCTION_CODE.NONE, isError: true, parts: [rowsAffectedPart(affected), errorPart(error)] };
};

/** The native client marks the packets of a batch that does not fit one; hdb marks none. */
const batchPosition = (part: RequestPart | undefined): 'whole' | 'first' | 'next' | 'last' => {
  const attributes = part?.attributes ?? 0;
  const isFirst = (attributes & PART_ATTRIBUTE.FIRST) !== 0;
  const isLast = (attributes & PART_ATTRIBUTE.LAST) !== 0;
  if (isFirst && !isLast) return 'first';
  if (attributes & PART_ATTRIBUTE.NEXT) return isLast ? 'last' : 'next';
  return isLast && !isFirst ? 'last' : 'whole';
};

const commandOf = (request: Request): string => decodeCesu8(requirePart(request, PART_KIND.COMMAND, 'COMMAND').data);

export const statementId = (request: Request): bigint =>
  new ByteReader(requirePart(request, PART_KIND.STATEMENT_ID, 'STATEMENT_ID').data).i64();

const resultSetId = (request: Request): bigint =>
  new ByteReader(requirePart(request, PART_KIND.RESULT_SET_ID, 'RESULT_SET_ID').data).i64();
