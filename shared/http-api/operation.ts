import type { z } from 'zod';

/** One operation of the HTTP API: its route, what it takes, and what it answers. The OpenAPI document is made of these. */
export interface Operation<
  Path extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Headers extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  /** As in `functions.yml`, such as `/runs/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly request: {
    readonly path?: Path;
    readonly query?: Query;
    /** The headers that matter, in lower case; others are let through. */
    readonly headers?: Headers;
    readonly body?: RequestBody<Body>;
  };
  /** The answers that are no problem, by status. */
  readonly responses: Readonly<Record<number, { readonly description: string; readonly schema: z.ZodType }>>;
  /** The statuses of the problems it may answer, beside 401, 429 and 500. */
  readonly problems: readonly number[];
}

export interface RequestBody<Body extends z.ZodType> {
  readonly schema: Body;
  /** `application/json` first; a body of another type reaches the schema as its text. */
  readonly contentTypes: readonly string[];
  /** Of the decoded body. */
  readonly maxBytes: number;
  /** A request without a body stands for `{}`. */
  readonly optional?: boolean;
}

/** Keeps the schemas' own types. */
export const operation = <P extends z.ZodType, Q extends z.ZodType, H extends z.ZodType, B extends z.ZodType>(
  definition: Operation<P, Q, H, B>,
): Operation<P, Q, H, B> => definition;

/** What a function is handed of a request, checked. A part that the operation doesn't name is `unknown`. */
export interface Request<Path, Query, Headers, Body> {
  readonly path: Path;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
}

export type RequestOf<O> =
  O extends Operation<infer P, infer Q, infer H, infer B>
    ? Request<z.output<P>, z.output<Q>, z.output<H>, z.output<B>>
    : never;

/** What a function answers; `text` in place of `body` for an answer that isn't JSON. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly text?: string;
}
