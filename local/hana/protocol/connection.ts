import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type HanaEngine, HanaError } from '#local/hana/engine.ts';
import { ClientSession } from './client-session.ts';
import { FUNCTION_CODE, MESSAGE_TYPE } from './codes.ts';
import { connectOptionsPart } from './connect-options.ts';
import { errorPart } from './error-part.ts';
import { asHanaError } from './errors.ts';
import { INFO_REPLY, INFO_REQUEST_BYTES, parseRequest, type Request } from './framing.ts';
import { Logon } from './logon.ts';
import { MessageStream } from './message-stream.ts';
import { ProtocolError } from './protocol-error.ts';
import { encodeReply, type Reply } from './reply.ts';
import { answerRequest, runsStatement } from './requests.ts';

export interface ConnectionOptions {
  readonly engine: HanaEngine;
  /** An unencrypted connection is told so at its log-on, before it has sent anything secret. */
  readonly isRefused: boolean;
  readonly newestDataFormat: number;
  readonly replyDelayMs: number;
  readonly logonTimeoutMs: number;
  readonly counters: HanaCounters;
}

export interface HanaCounters {
  connections: number;
  /** Requests answered, the log-on's included. */
  roundTrips: number;
  statements: number;
}

/** One client on one socket, from the greeting to the end; requests are answered one after another. */
export class Connection {
  readonly #socket: Duplex;
  readonly #options: ConnectionOptions;
  readonly #messages = new MessageStream({ firstBytes: INFO_REQUEST_BYTES, limitBytes: LOGON_MESSAGE_BYTES });
  readonly #logon: Logon;
  #deadline: NodeJS.Timeout;
  /** Ends when the connection has ended and its session is closed. */
  readonly closed: Promise<void>;
  #session: ClientSession | undefined;
  #isGreeted = false;
  #work: Promise<void> = Promise.resolve();

  constructor(socket: Duplex, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#logon = new Logon(options);
    this.#deadline = setTimeout(() => socket.destroy(), options.logonTimeoutMs);
    options.counters.connections += 1;
    socket.on('error', () => socket.destroy());
    socket.on('data', (piece: Buffer) => this.#receive(piece));
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(this.#deadline);
        this.#work = this.#work.then(() => this.#session?.close()).catch(() => undefined);
        resolve(this.#work);
      });
    });
  }

  /** Hangs up; the session is rolled back. */
  destroy(): void {
    this.#socket.destroy();
  }

  #receive(piece: Buffer): void {
    if (this.#socket.writableEnded) return; // hung up
    let messages: Buffer[];
    try {
      messages = this.#messages.push(piece);
    } catch (error) {
      this.#enqueue(() => this.#fail(error, NO_SESSION));
      return;
    }
    for (const message of messages) this.#enqueue(() => this.#answer(message));
  }

  /** A client waits for each reply, so it is read on only when there is nothing left to answer. */
  #enqueue(work: () => Promise<void>): void {
    this.#socket.pause();
    const current = this.#work
      .then(() => (this.#socket.writableEnded || this.#socket.destroyed ? undefined : work()))
      .catch(() => this.#socket.destroy())
      .then(() => {
        if (this.#work === current) this.#socket.resume();
      });
    this.#work = current;
  }

  async #answer(message: Buffer): Promise<void> {
    if (!this.#isGreeted) {
      this.#isGreeted = true;
      this.#socket.write(INFO_REPLY);
      return;
    }
    let request: Request;
    try {
      request = parseRequest(message);
    } catch (error) {
      return this.#fail(error, NO_SESSION);
    }
    this.#options.counters.roundTrips += 1;
    try {
      await this.#send(await this.#reply(request), request);
      if (request.messageType === MESSAGE_TYPE.DISCONNECT) this.#hangUp();
    } catch (error) {
      if (error instanceof ProtocolError || !this.#session) return this.#fail(error, request);
      await this.#send(errorReply(asHanaError(error)), request);
    }
  }

  async #reply(request: Request): Promise<Reply> {
    if (this.#session) {
      if (runsStatement(request)) this.#options.counters.statements += 1;
      return answerRequest(request, this.#session);
    }
    if (this.#options.isRefused) throw new HanaError(4321, 'HY000', 'only secure connections are allowed');
    const { reply, loggedOn } = await this.#logon.answer(request);
    if (!loggedOn) return reply;
    const session = await this.#options.engine.openSession(loggedOn.user);
    this.#session = new ClientSession(session, loggedOn.dataFormat);
    this.#messages.limitBytes = MESSAGE_BYTES;
    clearTimeout(this.#deadline);
    return { ...reply, parts: [...reply.parts, connectOptionsPart(session.id, loggedOn.dataFormat)] };
  }

  /** Says what was wrong and hangs up. */
  async #fail(error: unknown, request: ReplyAddress): Promise<void> {
    await this.#send(errorReply(asHanaError(error), 'fatal'), request);
    this.#hangUp();
  }

  /** What was written still goes out; a peer that doesn't hang up in turn is cut off. */
  #hangUp(): void {
    this.#socket.end();
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#socket.destroy(), HANG_UP_MS);
  }

  async #send(reply: Reply, { sessionId, packetCount, messageType }: ReplyAddress): Promise<void> {
    if (this.#options.replyDelayMs > 0) await delay(this.#options.replyDelayMs);
    if (this.#socket.destroyed) return;
    const connected = messageType === MESSAGE_TYPE.CONNECT && !reply.isError ? this.#session : undefined;
    const pieces = encodeReply(reply, {
      sessionId: connected ? BigInt(connected.engine.id) : sessionId,
      packetCount,
    });
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }
}

type ReplyAddress = Pick<Request, 'sessionId' | 'packetCount' | 'messageType'>;

const NO_SESSION: ReplyAddress = { sessionId: 0n, packetCount: 0, messageType: 0 };

const HANG_UP_MS = 1000;

/** No log-on message comes near this. */
const LOGON_MESSAGE_BYTES = 64 * 1024;

/** Clients split what is longer than their packet size (1 MiB unless set), and read what the server takes at most. */
const MESSAGE_BYTES = 64 * 1024 * 1024;

const errorReply = (error: HanaError, severity?: 'fatal'): Reply => ({
  functionCode: FUNCTION_CODE.NONE,
  isError: true,
  parts: [errorPart(error, severity)],
});
