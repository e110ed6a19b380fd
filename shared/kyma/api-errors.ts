import { ClusterAccessError, ClusterRefusedError, ClusterUnavailableError, PipelineError } from '#shared/errors.ts';

/** The cluster doesn't serve a kind at all: a module of Kyma's is missing. To the state machine it is a refusal like others. */
export class UnservedKindError extends ClusterRefusedError {}

/**
 * An error of the Kubernetes client in our own words. The client's messages carry the whole answer with all of its
 * headers; only the parts of a Status that say something are taken over.
 *
 * @param what what was tried, such as `Applying Deployment fedml/flights`.
 */
export const asClusterError = (error: unknown, what: string, host: string): Error => {
  if (error instanceof PipelineError) return error;
  const refusal = pipelineErrorIn(error);
  if (refusal) return refusal;
  const unserved = unservedKind(error);
  if (unserved) {
    return new UnservedKindError(
      `${what} failed: the cluster ${host} doesn't know ${unserved}. Add Kyma's modules istio and api-gateway (docs/kyma.md).`,
      { cause: new Error((error as Error).message.slice(0, 300)) },
    );
  }
  const status = statusOf(error);
  const options = { cause: new Error(status?.message ?? causeText(error)) };
  if (!status) {
    return new ClusterUnavailableError(
      `${what} failed: the API of the cluster ${host} gave no answer (${causeText(error)}).`,
      options,
    );
  }
  const { code, message } = status;
  if (code === 401) {
    return new ClusterAccessError(
      `${what} failed: the cluster ${host} doesn't accept the token of the kubeconfig. It may have expired; store a new ` +
        'kubeconfig in the secret (docs/kyma.md).',
      options,
    );
  }
  if (code === 403 && isTerminating(status)) {
    return new ClusterRefusedError(
      `${what} was refused: ${message}. Run again when the namespace is gone, or choose another deployment.namespace.`,
      options,
    );
  }
  if (code === 403 && isAdmission(message)) return new ClusterRefusedError(`${what} was refused: ${message}`, options);
  if (code === 403) return new ClusterAccessError(`${what} failed: ${message}. ${grantHint(message)}`, options);
  if (code === 429 || (code >= 500 && !isSchemaError(message))) {
    return new ClusterUnavailableError(`${what} failed: ${code} ${message}`, options);
  }
  return new ClusterRefusedError(`${what} was refused: ${withCauses(status)}`, options);
};

/** Whether an object isn't there, of a kind that the cluster knows. */
export const isNotFound = (error: unknown): boolean =>
  (error as { code?: unknown } | null)?.code === 404 && unservedKind(error) === undefined;

/** The kind that the client has looked for in vain among what the cluster serves. */
const unservedKind = (error: unknown): string | undefined => {
  const { code, message = '' } = (error ?? {}) as { code?: unknown; message?: string };
  const [, missing] = /^Unrecognized API version and kind: (.+)$/.exec(message) ?? [];
  if (missing) return missing;
  return code === 404 ? /^Failed to fetch resource metadata for ([^:]+):/.exec(message)?.[1] : undefined;
};

/** Kubernetes' own answer, as far as we read it. */
interface Status {
  readonly code: number;
  readonly message: string;
  readonly details?: { readonly causes?: readonly Cause[] };
}

interface Cause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/**
 * An error with a numeric code and headers or a body is an answer, of which the client drops the body of some 401s; a
 * timeout's DOMException has a code of its own kind.
 */
const statusOf = (error: unknown): Status | undefined => {
  const { code, body, headers } = error as { code?: unknown; body?: unknown; headers?: unknown };
  if (typeof code !== 'number' || (body ?? headers) === undefined || error instanceof DOMException) return undefined;
  const parsed = parseBody(body);
  return { ...parsed, code, message: parsed.message ?? `HTTP ${code}` };
};

/** The body is JSON text, or a proxy's page. */
const parseBody = (body: unknown): Partial<Status> => {
  try {
    const parsed: unknown = typeof body === 'string' ? JSON.parse(body) : body;
    return parsed !== null && typeof parsed === 'object' ? parsed : {};
  } catch {
    return {};
  }
};

/** Each cause on a line of its own, in the place of the message's list of them. */
const withCauses = ({ message, details }: Status): string => {
  const causes = (details?.causes ?? []).filter(({ field, message: cause = '' }) =>
    // A policy's cause has no field, and is in the message already.
    field ? field !== NO_FIELD : !message.includes(cause),
  );
  if (causes.length === 0) return message;
  const lines = causes.map(({ field, message: cause = '' }) => `\n  ${field ? `${field}: ` : ''}${cause}`);
  return `${message.replace(/(?<= is invalid): .*/s, ':')}${lines.join('')}`;
};

/** The field of a remark that further rules were not checked. */
const NO_FIELD = '<nil>';

/** An apply with a field or a value that the schema doesn't have is answered with 500 by the API server. */
const isSchemaError = (message: string): boolean =>
  /failed to (create typed patch|convert new) object|not declared in schema/.test(message);

const isTerminating = ({ message, details }: Status): boolean =>
  (details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating') ||
  /because it is being terminated/.test(message);

/**
 * Admission (quotas, policies, webhooks) answers 403 too, and no right is missing then. The authorizer's sentence is always
 * the same; admission's begin alike and end in words of their authors, which may quote the authorizer's.
 */
const isAdmission = (message: string): boolean => {
  if (/denied (the )?request|exceeded quota|failed quota|violates PodSecurity|limited to/.test(message)) return true;
  return / is forbidden: /.test(message) && !/ is forbidden: User "[^"]*" cannot /.test(message);
};

/** `User "x" cannot patch resource "deployments" in API group "apps" in the namespace "fedml"`, as RBAC says it. */
const grantHint = (message: string): string => {
  const [, verb, resource, group] = /cannot (\w+) resource "([^"]+)" in API group "([^"]*)"/.exec(message) ?? [];
  return verb
    ? `Give the kubeconfig's service account the verb ${verb} on ${resource}${group ? `.${group}` : ''} (docs/kyma.md).`
    : 'Give the rights of docs/kyma.md to the service account of the kubeconfig.';
};

/** What lies at the bottom of a failed connection; `fetch failed` alone says nothing. */
const causeText = (error: unknown): string => {
  const { cause, message = String(error) } = error as { cause?: unknown; message?: string };
  if (cause === undefined || cause === null) return message.slice(0, 300);
  const { code } = cause as { code?: unknown };
  return typeof code === 'string' ? `${code}: ${(cause as Error).message}` : causeText(cause);
};

/** A guarded lookup refuses an address by an error of ours, which comes back wrapped. */
const pipelineErrorIn = (error: unknown): PipelineError | undefined => {
  for (let each = error; each; each = (each as { cause?: unknown }).cause) {
    if (each instanceof PipelineError) return each;
  }
  return undefined;
};
