/** An answer of the runtime: rest-json, with the container's bytes as they are. */
export interface RuntimeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}
