import type { Operation } from '#local/http/aws-json.ts';

/** A part of the control plane: operations on resources of its own. */
export interface Api {
  readonly operations: Readonly<Record<string, Operation>>;
  /** True for the ARN of a resource that is there now. */
  exists(arn: string): boolean;
  /** Mends what was under way when the stand-in ended; called once, when everything else has started. */
  recover?(): void;
}
