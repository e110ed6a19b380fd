import type { HanaResult, HanaValue, StatementKind } from '#local/hana/engine.ts';
import type { ClientSession, OpenStatement, Packet } from './client-session.ts';
import { FUNCTION_CODE, PART_KIND } from './codes.ts';
import type { Reply, ReplyPart } from './reply.ts';
import { transactionFlagsPart } from './transaction-flags.ts';
import { resultSetMetadataPart } from './wire-types.ts';

/** Executes and commits with the last packet only; an error undoes the packets before. */
export const runPacket = async (
  session: ClientSession,
  { open, rows, commit, isLastPacket }: Packet,
): Promise<Reply> => {
  try {
    const reply = await run(session, open, rows, commit && isLastPacket);
    session.splitBatch = commit && !isLastPacket ? open.id : undefined;
    return reply;
  } catch (error) {
    await abandonSplitBatch(session);
    throw error;
  }
};

/** Undoes an autocommitted batch of which some packets were executed and the rest won't come. */
export const abandonSplitBatch = async (session: ClientSession): Promise<void> => {
  if (session.splitBatch === undefined) return;
  session.splitBatch = undefined;
  await session.rollback();
};

/** Executes a statement and answers with what came of it. */
export const run = async (
  session: ClientSession,
  open: OpenStatement,
  rows: readonly (readonly HanaValue[])[],
  autocommit: boolean,
): Promise<Reply> => {
  const result = await open.statement.execute(rows, { autocommit });
  const { kind } = open.statement;
  const flags = autocommit ? 'committed' : kind === 'SELECT' ? 'none' : 'writeStarted';
  return {
    functionCode: STATEMENT_FUNCTION[kind],
    parts: [
      ...(await resultParts(session, open, result)),
      ...(kind === 'SESSION' ? [] : [transactionFlagsPart(kind === 'DDL' ? 'committed' : flags)]),
    ],
  };
};

const resultParts = async (session: ClientSession, open: OpenStatement, result: HanaResult): Promise<ReplyPart[]> => {
  if (result.kind === 'done') return [];
  if (result.kind === 'affected') return [rowsAffectedPart(result.rowsAffected)];
  const resultSet = session.openResultSet(open, result.cursor);
  try {
    const { part, isLast } = await resultSet.next();
    const parts = [
      resultSetMetadataPart(result.cursor.columns, session.dataFormat),
      { kind: PART_KIND.RESULT_SET_ID, argumentCount: 1, data: idBytes(resultSet.id) },
      part,
    ];
    if (isLast) await session.closeResultSet(resultSet);
    return parts;
  } catch (error) {
    await session.closeResultSet(resultSet);
    throw error;
  }
};

export const STATEMENT_FUNCTION: Readonly<Record<StatementKind, number>> = {
  SELECT: FUNCTION_CODE.SELECT,
  INSERT: FUNCTION_CODE.INSERT,
  UPDATE: FUNCTION_CODE.UPDATE,
  DELETE: FUNCTION_CODE.DELETE,
  DDL: FUNCTION_CODE.DDL,
  SESSION: FUNCTION_CODE.DDL,
};

/** One count for each row of parameters. */
export const rowsAffectedPart = (counts: readonly number[]): ReplyPart => {
  const data = Buffer.alloc(4 * counts.length);
  counts.forEach((count, index) => {
    data.writeInt32LE(count, 4 * index);
  });
  return { kind: PART_KIND.ROWS_AFFECTED, argumentCount: counts.length, data };
};

/** Statements and result sets are named by 8 bytes. */
export const idBytes = (id: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(id);
  return bytes;
};
