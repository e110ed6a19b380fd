import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DistributionOptions } from './distribution.ts';
import type { RepositoryName } from './store.ts';

/** An answer in the form of the specification: `{ "errors": [{ "code", "message" }] }`. */
export class RegistryError extends Error {
  readonly statusCode: number;
  readonly code: string;

  constructor(statusCode: number, code: string, message: string) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
  }
}

export interface DistributionContext extends DistributionOptions {
  readonly repository: RepositoryName;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What the path names in the repository: a digest, a tag, an upload. */
  readonly argument: string;
}

export type Handle = (context: DistributionContext, exchange: Exchange) => Promise<void>;
