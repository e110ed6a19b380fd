import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller, Iam } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import type { EcrQuirks } from './quirks.ts';
import type { RegistryStore, RepositoryName } from './store.ts';
import type { Tokens } from './tokens.ts';

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

export interface DistributionOptions {
  readonly account: Account;
  readonly store: RegistryStore;
  readonly iam: Iam;
  readonly tokens: Tokens;
  readonly quirks: EcrQuirks;
  /** A URL on the other origin, where blobs are fetched without credentials. */
  readonly signBlobUrl: (digest: string) => string;
}

export interface DistributionContext extends DistributionOptions {
  readonly repository: RepositoryName;
  /** Where the repository is. */
  readonly region: string;
  /** Whose token the request brings. */
  readonly caller: Caller;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What the path names in the repository: a digest, a tag, an upload. */
  readonly argument: string;
}

export type Handle = (context: DistributionContext, exchange: Exchange) => Promise<void>;
