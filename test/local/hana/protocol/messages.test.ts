import { DuckDBDataChunk, INTEGER } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HanaColumn, HanaType } from '#local/hana/engine.ts';
import { HanaError } from '#local/hana/engine.ts';
import { challengeFields } from '#local/hana/protocol/authentication.ts';
import { FUNCTION_CODE, MESSAGE_TYPE, messageTypeName, PART_KIND } from '#local/hana/protocol/codes.ts';
import { errorPart } from '#local/hana/protocol/error-part.ts';
import { findPart, parseRequest, requirePart } from '#local/hana/protocol/framing.ts';
import { LobStore } from '#local/hana/protocol/lob-store.ts';
import { MessageStream } from '#local/hana/protocol/message-stream.ts';
import { parseOptions } from '#local/hana/protocol/option-list.ts';
import { decodeParameters } from '#local/hana/protocol/parameter-decoder.ts';
import { encodeReply, type Reply } from '#local/hana/protocol/reply.ts';
import { RowEncoder } from '#local/hana/protocol/row-encoder.ts';
import { RowTarget } from '#local/hana/protocol/row-target.ts';
import { idBytes, rowsAffectedPart } from '#local/hana/protocol/run-statement.ts';
import { transactionFlagsPart } from '#local/hana/protocol/transaction-flags.ts';
import { parameterMetadataPart, resultSetMetadataPart } from '#local/hana/protocol/wire-types.ts';
import { SCRAM, VECTORS } from './vectors.ts';

const vector = (name: keyof typeof VECTORS): Buffer => Buffer.from(VECTORS[name], 'hex');

const INT: HanaType = { name: 'INTEGER', length: 10, scale: 0 };
const NVARCHAR: HanaType = { name: 'NVARCHAR', length: 5000, scale: 0 };

describe('requests', () => {
  it('reads SQL, its message type and the autocommit flag', () => {
    const request = parseRequest(vector('executeDirectRequest'));

    expect(request).toMatchObject({ messageType: MESSAGE_TYPE.EXECUTE_DIRECT, packetCount: 1, commit: true });
    expect(requirePart(request, PART_KIND.COMMAND, 'COMMAND').data.toString()).toBe('SELECT * FROM NOPE');
  });

  it('reads the rows of a batch and that they came in one packet', () => {
    const part = findPart(parseRequest(vector('executeRequest')), PART_KIND.PARAMETERS);

    const { rows } = decodeParameters(part as never, [{ type: INT }, { type: NVARCHAR }]);

    expect(part).toMatchObject({ argumentCount: 2, attributes: 5 });
    expect(rows).toEqual([
      [1n, 'a'],
      [2n, null],
    ]);
  });

  it('finds the connect options of the native client whatever stands before them', () => {
    const part = requirePart(parseRequest(vector('authenticateRequest')), 29, 'CLIENT_CONTEXT');

    expect(parseOptions(part.data, part.argumentCount)).toMatchObject({ 2: 'Node.js' });
  });

  it('refuses each message that was cut or changed, without a crash', () => {
    const whole = vector('executeRequest');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const message = cut ? whole.subarray(0, at) : Buffer.from(whole);
        if (!cut) message[at] = byte;
        try {
          const part = findPart(parseRequest(message), PART_KIND.PARAMETERS);
          if (part) decodeParameters(part, [{ type: INT }, { type: NVARCHAR }]);
        } catch (error) {
          expect((error as Error).name).toMatch(/^(ProtocolError|HanaError)$/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('names what it does not know', () => {
    expect(messageTypeName(5)).toBe('XA_START');
    expect(messageTypeName(200)).toBe('message type 200');
  });
});

describe('replies', () => {
  const address = { sessionId: 76_800_256n };
  const encoded = (reply: Reply, packetCount: number, sessionId = address.sessionId): string =>
    Buffer.concat(encodeReply(reply, { sessionId, packetCount })).toString('hex');

  it('sends the challenge as it once crossed the wire', () => {
    const data = challengeFields({ user: 'TESTER', method: 'SCRAMPBKDF2SHA256', ...SCRAM });

    const parts = [{ kind: PART_KIND.AUTHENTICATION, argumentCount: 1, data }];

    expect(encoded({ functionCode: FUNCTION_CODE.NONE, parts }, 0, 0n)).toBe(VECTORS.authenticateReply);
  });

  it('sends a result set of one row', () => {
    const columns: HanaColumn[] = ['A', 'B'].map((name) => ({ name, type: INT, nullable: true }));
    const chunk = DuckDBDataChunk.create([INTEGER, INTEGER], 1);
    chunk.setColumns([[1], [null]]);
    const encoder = new RowEncoder(columns, { dataFormat: 8, lobs: new LobStore() });
    const rows = new RowTarget(64);
    encoder.load(chunk);
    encoder.encode(rows, { maxRows: 10, maxBytes: 1000 });

    const parts = [
      resultSetMetadataPart(columns, 8),
      { kind: PART_KIND.RESULT_SET_ID, argumentCount: 1, data: idBytes(1n) },
      { kind: PART_KIND.RESULT_SET, attributes: 0x11, argumentCount: 1, data: rows.rows(0, 1) },
      transactionFlagsPart('committed'),
    ];

    expect(encoded({ functionCode: FUNCTION_CODE.SELECT, parts }, 0)).toBe(VECTORS.selectReply);
  });

  it('sends an error', () => {
    const error = new HanaError(259, '42S02', 'invalid table name:  Could not find table/view NOPE in schema TESTER');

    const reply = { functionCode: FUNCTION_CODE.NONE, isError: true, parts: [errorPart(error)] };

    expect(encoded(reply, 1)).toBe(VECTORS.errorReply);
  });

  it('sends the outcome of DDL, a prepared insert and its execution', () => {
    const ddl = { functionCode: FUNCTION_CODE.DDL, parts: [transactionFlagsPart('committed')] };
    const prepared = {
      functionCode: FUNCTION_CODE.INSERT,
      parts: [
        { kind: PART_KIND.STATEMENT_ID, argumentCount: 1, data: idBytes(2n) },
        parameterMetadataPart([{ type: INT }, { type: NVARCHAR }], 8),
      ],
    };
    const executed = {
      functionCode: FUNCTION_CODE.INSERT,
      parts: [rowsAffectedPart([1, 1]), transactionFlagsPart('committed')],
    };

    expect(encoded(ddl, 2)).toBe(VECTORS.ddlReply);
    expect(encoded(prepared, 3)).toBe(VECTORS.prepareReply);
    expect(encoded(executed, 4)).toBe(VECTORS.executeReply);
    expect(encoded({ functionCode: FUNCTION_CODE.NONE, parts: [] }, 5)).toBe(VECTORS.dropStatementReply);
  });

  it('counts more than 32,767 arguments in the long field', () => {
    const bytes = Buffer.from(encoded({ functionCode: 2, parts: [rowsAffectedPart(Array(40_000).fill(1))] }, 0), 'hex');

    expect(bytes.readInt16LE(58)).toBe(-1);
    expect(bytes.readInt32LE(60)).toBe(40_000);
  });
});

describe('the stream of messages', () => {
  const greeting = Buffer.alloc(14, 0xff);
  const messages = [greeting, vector('executeDirectRequest'), vector('prepareRequest'), vector('executeRequest')];

  it('is cut into the same messages whatever the pieces', () => {
    const whole = Buffer.concat(messages);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (sizes) => {
        const stream = new MessageStream({ firstBytes: 14, limitBytes: 4096 });
        const received: Buffer[] = [];
        for (let from = 0, turn = 0; from < whole.length; turn++) {
          const size = sizes[turn % sizes.length] as number;
          received.push(...stream.push(whole.subarray(from, from + size)));
          from += size;
        }
        expect(received).toEqual(messages);
      }),
    );
  });

  it('ends with a message that announces more than is taken', () => {
    const stream = new MessageStream({ firstBytes: 14, limitBytes: 100 });

    expect(() => stream.push(Buffer.concat(messages))).toThrow(/at most 100 are taken/);
  });
});
