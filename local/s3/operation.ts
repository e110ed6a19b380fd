import type { DatabaseSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import type { Iam } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import type { DataFiles } from './data-files.ts';
import type { S3EventDraft } from './events.ts';
import type { ObjectIndex } from './object-index.ts';
import type { OperationName } from './permissions/table.ts';
import type { S3Request } from './request.ts';
import type { UploadIndex } from './upload-index.ts';

/** What operations work on. */
export interface S3Context {
  readonly account: Account;
  readonly iam: Iam;
  readonly database: DatabaseSync;
  readonly objects: ObjectIndex;
  readonly uploads: UploadIndex;
  readonly files: DataFiles;
  /** Tells EventBridge, when the bucket's notification configuration asks for it. */
  announce(event: S3EventDraft): void;
}

/** One operation of S3's REST API: how its requests look, and its answer. */
export interface Operation {
  readonly name: OperationName;
  readonly method: string;
  readonly target: 'service' | 'bucket' | 'object';
  /** Query parameters that tell this operation from others on the same target. */
  readonly select?: readonly string[];
  /** The header that does the same; only a copy has one. */
  readonly selectHeader?: string;
  /** Further query parameters it understands. */
  readonly query?: readonly string[];
  /** The `x-amz-` headers it understands, `*` standing for the rest of a name. */
  readonly headers?: readonly string[];
  /** Its caller has been authorized by `PERMISSIONS`. */
  answer(request: S3Request, context: S3Context): Reply | Promise<Reply>;
}

export interface Reply {
  /** 200 unless said otherwise. */
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** XML, or an object's bytes. */
  readonly body?: string | Readable;
}
