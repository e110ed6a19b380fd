import type { HanaError } from '#local/hana/engine.ts';
import { ByteReader } from './byte-reader.ts';
import type { ClientSession, OpenStatement } from './client-session.ts';
import { FUNCTION_CODE, PART_ATTRIBUTE, PART_KIND } from './codes.ts';
import { errorPart } from './error-part.ts';
import { asHanaError, HANA_ERRORS } from './errors.ts';
import { findPart, type Request, type RequestPart, requirePart } from './framing.ts';
import { writeLobReplyPart } from './lob-requests.ts';
import { type DecodedParameters, decodeParameters } from './parameter-decoder.ts';
import { ProtocolError } from './protocol-error.ts';
import type { Reply } from './reply.ts';
import { abandonSplitBatch, rowsAffectedPart, runPacket, STATEMENT_FUNCTION } from './run-statement.ts';

/** Runs a prepared statement, once or for a batch of rows, of which this may be one packet of several. */
export const execute = async (request: Request, session: ClientSession): Promise<Reply> => {
  const open = session.statement(statementId(request));
  const part = findPart(request, PART_KIND.PARAMETERS);
  session.pendingInsert = undefined;
  try {
    const { rows, openLobs } = parametersOf(part, open);
    const packet = { open, rows, commit: request.commit, isLastPacket: isLastPacket(part) };
    if (openLobs.length === 0) return await runPacket(session, packet);
    const lobs = new Map(openLobs.map((lob) => [session.lobs.nextLocator(), lob]));
    session.pendingInsert = { packet, lobs };
    return {
      functionCode: STATEMENT_FUNCTION[open.statement.kind],
      parts: [writeLobReplyPart([...lobs.keys()]), rowsAffectedPart(rows.map(() => 1))],
    };
  } catch (error) {
    await abandonSplitBatch(session);
    if (error instanceof ProtocolError || !part || part.argumentCount < 2) throw error;
    return failedBatch(asHanaError(error), part.argumentCount);
  }
};

export const statementId = (request: Request): bigint =>
  new ByteReader(requirePart(request, PART_KIND.STATEMENT_ID, 'STATEMENT_ID').data).i64();

const parametersOf = (part: RequestPart | undefined, { statement }: OpenStatement): DecodedParameters => {
  const { kind, parameters } = statement;
  if (parameters.length === 0) return { rows: [[]], openLobs: [] };
  if (!part || part.argumentCount === 0) throw HANA_ERRORS.parsingProtocol('the parameters have no values');
  if (kind === 'SELECT' && part.argumentCount > 1) throw HANA_ERRORS.notSupported('a query for a batch of parameters');
  return decodeParameters(part, parameters);
};

/** The native client marks the packets of a batch that does not fit one: FIRST, NEXT … LAST. hdb marks none. */
const isLastPacket = (part: RequestPart | undefined): boolean => {
  const attributes = part?.attributes ?? 0;
  const isOneOfSeveral = (attributes & (PART_ATTRIBUTE.FIRST | PART_ATTRIBUTE.NEXT)) !== 0;
  return !isOneOfSeveral || (attributes & PART_ATTRIBUTE.LAST) !== 0;
};

/** Row counts that stand for an outcome instead. */
const ROW_STATUS = { NO_INFO: -2, FAILED: -3 } as const;

/** A batch is undone as a whole; the row that failed is marked where it is known. */
const failedBatch = (error: HanaError, rowCount: number): Reply => {
  const affected = new Array<number>(rowCount).fill(ROW_STATUS.NO_INFO);
  if (error.failedRow !== undefined && error.failedRow < rowCount) affected[error.failedRow] = ROW_STATUS.FAILED;
  return { functionCode: FUNCTION_CODE.NONE, isError: true, parts: [rowsAffectedPart(affected), errorPart(error)] };
};
