import { applyClientInfo } from './client-info.ts';
import type { ClientSession } from './client-session.ts';
import { FUNCTION_CODE, MESSAGE_TYPE, messageTypeName, PART_KIND } from './codes.ts';
import { closeResultSet, fetchNext } from './cursor-requests.ts';
import { HANA_ERRORS } from './errors.ts';
import { execute, statementId } from './execute-request.ts';
import { findPart, type Request } from './framing.ts';
import { readLob, writeLob } from './lob-requests.ts';
import type { Reply } from './reply.ts';
import { abandonSplitBatch } from './run-statement.ts';
import { dropStatement, executeDirect, prepare } from './statement-requests.ts';
import { transactionFlagsPart } from './transaction-flags.ts';

/** Answers a request of a logged-on client; one that is not in the table is refused by its name. */
export const answerRequest = async (request: Request, session: ClientSession): Promise<Reply> => {
  const handle = HANDLERS[request.messageType];
  if (!handle) throw HANA_ERRORS.notSupported(messageTypeName(request.messageType));
  if (session.splitBatch !== undefined && !continuesBatch(request, session.splitBatch))
    await abandonSplitBatch(session);
  await applyClientInfo(request, session.engine);
  return handle(request, session);
};

/** Requests that run a statement, which is what a bench counts. */
export const runsStatement = ({ messageType }: Request): boolean =>
  messageType === MESSAGE_TYPE.EXECUTE || messageType === MESSAGE_TYPE.EXECUTE_DIRECT;

const continuesBatch = (request: Request, statement: bigint | undefined): boolean =>
  request.messageType === MESSAGE_TYPE.WRITE_LOB ||
  (request.messageType === MESSAGE_TYPE.EXECUTE &&
    findPart(request, PART_KIND.STATEMENT_ID) !== undefined &&
    statementId(request) === statement);

type Handle = (request: Request, session: ClientSession) => Promise<Reply>;

const done: Handle = async () => ({ functionCode: FUNCTION_CODE.NONE, parts: [] });

const commit: Handle = async (_, session) => {
  await session.commit();
  return { functionCode: FUNCTION_CODE.COMMIT, parts: [transactionFlagsPart('committed')] };
};

const rollback: Handle = async (_, session) => {
  await session.rollback();
  return { functionCode: FUNCTION_CODE.ROLLBACK, parts: [transactionFlagsPart('rolledBack')] };
};

const HANDLERS: Readonly<Record<number, Handle>> = {
  [MESSAGE_TYPE.EXECUTE_DIRECT]: executeDirect,
  [MESSAGE_TYPE.PREPARE]: prepare,
  [MESSAGE_TYPE.EXECUTE]: execute,
  [MESSAGE_TYPE.FETCH_NEXT]: fetchNext,
  [MESSAGE_TYPE.CLOSE_RESULT_SET]: closeResultSet,
  [MESSAGE_TYPE.DROP_STATEMENT_ID]: dropStatement,
  [MESSAGE_TYPE.COMMIT]: commit,
  [MESSAGE_TYPE.ROLLBACK]: rollback,
  [MESSAGE_TYPE.READ_LOB]: readLob,
  [MESSAGE_TYPE.WRITE_LOB]: writeLob,
  [MESSAGE_TYPE.PING]: done,
  [MESSAGE_TYPE.CLIENT_PING]: done,
  [MESSAGE_TYPE.DISCONNECT]: async () => ({ functionCode: FUNCTION_CODE.DISCONNECT, parts: [] }),
};
