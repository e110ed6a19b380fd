import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ClusterAccess } from '#shared/kyma/kubeconfig.ts';

export interface RawAnswer {
  readonly code: number;
  readonly body: {
    readonly message?: string;
    readonly reason?: string;
    readonly details?: {
      readonly causes?: readonly { readonly field: string; readonly message: string; readonly reason: string }[];
    };
    readonly metadata?: {
      readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[];
    };
    readonly spec?: { readonly replicas?: number };
  };
}

/** One request of the holder of a token, as any HTTP client would send it. */
export const rawCall = async (
  { server, certificateAuthority, credentials }: ClusterAccess,
  method: string,
  path: string,
  body?: unknown,
  contentType = 'application/json',
): Promise<RawAnswer> => {
  if (!('token' in credentials)) throw new Error('A kubeconfig for tests carries a token.');
  const content = body === undefined ? '' : JSON.stringify(body);
  const sent = request(new URL(path, server), {
    method,
    ca: certificateAuthority,
    headers: {
      authorization: `Bearer ${credentials.token}`,
      'content-type': contentType,
      'content-length': Buffer.byteLength(content),
    },
  });
  const answered = new Promise<RawAnswer>((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', (response) => {
      text(response).then((answer) => resolve({ code: response.statusCode!, body: JSON.parse(answer) }), reject);
    });
  });
  sent.end(content);
  return answered;
};

export const APPLY = 'application/apply-patch+yaml';
export const MERGE = 'application/merge-patch+json';
