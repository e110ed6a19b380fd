import { MESSAGE_HEADER_BYTES, messageBytes } from './framing.ts';
import { ProtocolError } from './protocol-error.ts';

/** Cuts the bytes of a socket into messages, whatever the pieces they arrive in. */
export class MessageStream {
  /** The largest message taken, in bytes; a longer one ends the connection before it is read. */
  limitBytes: number;
  #pieces: Buffer[] = [];
  #bufferedBytes = 0;
  #needed: number;
  #started = false;

  /** @param firstBytes the length of the fixed-size greeting that comes before any message */
  constructor({ firstBytes, limitBytes }: { readonly firstBytes: number; readonly limitBytes: number }) {
    this.#needed = firstBytes;
    this.limitBytes = limitBytes;
  }

  /** @throws ProtocolError when a message announces more than the limit. */
  push(piece: Buffer): Buffer[] {
    this.#pieces.push(piece);
    this.#bufferedBytes += piece.length;
    const complete: Buffer[] = [];
    while (this.#bufferedBytes >= this.#needed) {
      if (this.#started && this.#needed === MESSAGE_HEADER_BYTES) {
        this.#needed = this.#announced();
        if (this.#bufferedBytes < this.#needed) break;
      }
      complete.push(this.#take(this.#needed));
      this.#started = true;
      this.#needed = MESSAGE_HEADER_BYTES;
    }
    return complete;
  }

  /** Bytes of an unfinished message. */
  get pendingBytes(): number {
    return this.#bufferedBytes;
  }

  #announced(): number {
    const bytes = messageBytes(this.#joined());
    if (bytes > this.limitBytes) {
      throw new ProtocolError(`a message of ${bytes} bytes, at most ${this.limitBytes} are taken here`);
    }
    return bytes;
  }

  #take(length: number): Buffer {
    const all = this.#joined();
    const rest = all.subarray(length);
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#bufferedBytes = rest.length;
    return all.subarray(0, length);
  }

  #joined(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] as Buffer;
  }
}
