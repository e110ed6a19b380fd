import { decodeCesu8 } from './cesu8.ts';
import { HANA_ERRORS } from './errors.ts';

/** A LOB parameter that is received in pieces. */
export class IncomingLob {
  readonly #content: 'text' | 'bytes';
  readonly #assign: (value: string | Uint8Array) => void;
  readonly #pieces: Buffer[] = [];
  #receivedBytes = 0;

  /** @param assign puts the whole value into its row */
  constructor(content: 'text' | 'bytes', assign: (value: string | Uint8Array) => void) {
    this.#content = content;
    this.#assign = assign;
  }

  /** @throws HanaError 7 for a LOB beyond what is held in memory. */
  append(piece: Buffer): void {
    this.#receivedBytes += piece.length;
    if (this.#receivedBytes > MAX_LOB_BYTES) {
      throw HANA_ERRORS.notSupported(`a LOB of more than ${MAX_LOB_BYTES} bytes`);
    }
    this.#pieces.push(Buffer.from(piece));
  }

  /** Pieces may cut a character, so text is decoded as a whole. */
  finish(): void {
    const whole = Buffer.concat(this.#pieces);
    this.#assign(this.#content === 'text' ? decodeCesu8(whole) : whole);
  }
}

/** LOB parameters are held in memory until their row is complete. */
const MAX_LOB_BYTES = 256 * 1024 * 1024;
