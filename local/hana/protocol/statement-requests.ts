import { decodeCesu8 } from './cesu8.ts';
import type { ClientSession } from './client-session.ts';
import { FUNCTION_CODE, PART_KIND } from './codes.ts';
import { HANA_ERRORS } from './errors.ts';
import { statementId } from './execute-request.ts';
import { type Request, requirePart } from './framing.ts';
import type { Reply, ReplyPart } from './reply.ts';
import { idBytes, run, STATEMENT_FUNCTION } from './run-statement.ts';
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

export const dropStatement = async (request: Request, session: ClientSession): Promise<Reply> => {
  await session.dropStatement(session.statement(statementId(request)));
  return { functionCode: FUNCTION_CODE.NONE, parts: [] };
};

const commandOf = (request: Request): string => decodeCesu8(requirePart(request, PART_KIND.COMMAND, 'COMMAND').data);
