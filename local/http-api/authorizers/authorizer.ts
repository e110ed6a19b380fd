import type { IncomingMessage } from 'node:http';
import type { Route } from '../routes.ts';

/** One way to be let in, as a route of API Gateway's HTTP API has one. */
export interface Authorizer {
  /** Whether a request brings what this way asks for, be it right or wrong. */
  takes(request: IncomingMessage): boolean;
  authorize(request: AuthorizerRequest): Promise<Verdict>;
}

export interface AuthorizerRequest {
  readonly request: IncomingMessage;
  readonly route: Route;
  /** As it is sent, without the query. */
  readonly path: string;
  /** The whole body, for who needs it; undefined where it is too long. */
  readBody(): Promise<Buffer | undefined>;
}

export type Verdict =
  | { readonly isAllowed: true; readonly context: AuthorizerContext }
  | { readonly isAllowed: false; readonly refusal: Refusal };

/** What the function finds as `requestContext.authorizer`. */
export type AuthorizerContext = { readonly iam: object } | { readonly jwt: object };

export interface Refusal {
  readonly statusCode: 401 | 403 | 413;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}
