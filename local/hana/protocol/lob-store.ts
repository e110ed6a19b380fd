import { HANA_ERRORS } from './errors.ts';

/** LOBs of result sets that were too long for their row and wait to be read by locator. */
export class LobStore {
  readonly #lobs = new Map<bigint, LobContent>();
  readonly #capacityBytes: number;
  #heldBytes = 0;
  #lastLocator = 0n;

  /** @param capacityBytes what is held at most; beyond it the oldest LOBs are forgotten, and reading them is an error */
  constructor(capacityBytes = 256 * 1024 * 1024) {
    this.#capacityBytes = capacityBytes;
  }

  /** A locator for a LOB that is sent in its row and needs no keeping. */
  nextLocator(): bigint {
    this.#lastLocator += 1n;
    return this.#lastLocator;
  }

  keep(content: LobContent): bigint {
    const locator = this.nextLocator();
    this.#lobs.set(locator, content);
    this.#heldBytes += heldBytes(content);
    for (const [oldest, forgotten] of this.#lobs) {
      if (this.#heldBytes <= this.#capacityBytes || oldest === locator) break;
      this.#lobs.delete(oldest);
      this.#heldBytes -= heldBytes(forgotten);
    }
    return locator;
  }

  /** Forgets all LOBs: their locators end with the transaction. */
  clear(): void {
    this.#lobs.clear();
    this.#heldBytes = 0;
  }

  /** @throws HanaError 1033 for a locator that is unknown or forgotten. */
  content(locator: bigint): LobContent {
    const content = this.#lobs.get(locator);
    if (content === undefined) throw HANA_ERRORS.parsingProtocol('invalid lob locator id');
    return content;
  }
}

/** Text is counted in UTF-16 units, as HANA does for an NCLOB; binary in bytes. */
export type LobContent = string | Buffer;

const heldBytes = (content: LobContent): number => (typeof content === 'string' ? 2 * content.length : content.length);
