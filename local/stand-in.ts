/** A server of the laptop's cloud: it listens on 127.0.0.1 only and keeps its state in a folder of its own. */
export interface StandIn {
  /** `http://127.0.0.1:<port>`; an IP, because the S3 client would look `<bucket>.localhost` up by name. */
  readonly url: string;
  /** Stops listening, ends child processes and flushes state. Safe to call twice. */
  close(): Promise<void>;
}

/** The account and region that every local ARN names. */
export interface Account {
  readonly accountId: string;
  readonly region: string;
}

export const LOCAL_ACCOUNT: Account = { accountId: '000000000000', region: 'eu-central-1' };
