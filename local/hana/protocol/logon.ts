import { createHmac, randomBytes } from 'node:crypto';
import type { HanaEngine } from '#local/hana/engine.ts';
import { type Challenge, challengeFields, readChallenge, verifyProof } from './authentication.ts';
import { FUNCTION_CODE, MESSAGE_TYPE, messageTypeName, PART_KIND } from './codes.ts';
import { agreedDataFormat, databaseInfoPart } from './connect-options.ts';
import { type Request, requirePart } from './framing.ts';
import { ProtocolError } from './protocol-error.ts';
import type { Reply } from './reply.ts';

/** A user who has proved the password. */
export interface LoggedOn {
  readonly user: string;
  readonly dataFormat: number;
}

/** What happens on a connection before its first statement: AUTHENTICATE, then CONNECT. */
export class Logon {
  readonly #engine: HanaEngine;
  readonly #newestDataFormat: number;
  #challenge: Challenge | undefined;

  constructor(options: {
    readonly engine: HanaEngine;
    readonly newestDataFormat: number;
  }) {
    this.#engine = options.engine;
    this.#newestDataFormat = options.newestDataFormat;
  }

  /**
   * Answers one message; `loggedOn` is set by the one that ends the log-on.
   *
   * @throws HanaError 10 for a wrong password as for an unknown user
   * @throws ProtocolError for anything but the next step
   */
  async answer(request: Request): Promise<{ readonly reply: Reply; readonly loggedOn?: LoggedOn }> {
    if (request.messageType === MESSAGE_TYPE.DB_CONNECT_INFO) {
      return { reply: { functionCode: FUNCTION_CODE.NONE, parts: [databaseInfoPart()] } };
    }
    if (request.messageType === MESSAGE_TYPE.AUTHENTICATE) return { reply: this.#begin(request) };
    if (request.messageType === MESSAGE_TYPE.CONNECT && this.#challenge) return this.#prove(request, this.#challenge);
    throw new ProtocolError(`${messageTypeName(request.messageType)} before the log-on`);
  }

  #begin(request: Request): Reply {
    const { data } = requirePart(request, PART_KIND.AUTHENTICATION, 'AUTHENTICATION');
    this.#challenge = readChallenge(data, saltOf);
    return authenticationReply(FUNCTION_CODE.NONE, challengeFields(this.#challenge));
  }

  async #prove(request: Request, challenge: Challenge): Promise<{ reply: Reply; loggedOn: LoggedOn }> {
    this.#challenge = undefined; // a challenge is good for one try
    const { data } = requirePart(request, PART_KIND.AUTHENTICATION, 'AUTHENTICATION');
    const dataFormat = agreedDataFormat(request, this.#newestDataFormat);
    const proof = await verifyProof(data, challenge, this.#engine.passwordOf(challenge.user));
    return {
      reply: authenticationReply(FUNCTION_CODE.CONNECT, proof),
      loggedOn: { user: challenge.user, dataFormat },
    };
  }
}

/** A user's salt does not change while the server runs, and an unknown user has one too. */
const saltOf = (user: string): Buffer => createHmac('sha256', SALT_SECRET).update(user).digest().subarray(0, 16);

const SALT_SECRET = randomBytes(32);

const authenticationReply = (functionCode: number, data: Buffer): Reply => ({
  functionCode,
  parts: [{ kind: PART_KIND.AUTHENTICATION, argumentCount: 1, data }],
});
