/** One thing that a stage has left in the account or on the cluster, and how to be rid of it. */
export interface Thing {
  /** Such as `endpoint flights-dev`. */
  readonly name: string;
  remove(): Promise<unknown>;
}
