/** An answer that isn't an object: Kubernetes' `Status`, as clients read it. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails;

  constructor(code: number, reason: string, message: string, details: StatusDetails = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

export interface Cause {
  readonly reason?: string;
  readonly message: string;
  readonly field?: string;
}

export const statusBody = ({ code, reason, message, details }: StatusError) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  ...(reason && { reason }),
  ...(Object.keys(details).length > 0 && { details: written(details) }),
  code,
});

/** The core group has no name, and what is empty is not written. */
export const written = ({ name, group, ...details }: StatusDetails): StatusDetails => ({
  ...(name && { name }),
  ...(group && { group }),
  ...details,
});

interface Named {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

const qualified = (group: string, what: string): string => (group ? `${what}.${group}` : what);

export const notFound = ({ group, plural }: Named, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${qualified(group, plural)} "${name}" not found`, { name, group, kind: plural });

export const alreadyExists = ({ group, plural }: Named, name: string): StatusError =>
  new StatusError(409, 'AlreadyExists', `${qualified(group, plural)} "${name}" already exists`, {
    name,
    group,
    kind: plural,
  });

export const changedSince = ({ group, plural }: Named, name: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(group, plural)} "${name}": the object has been modified; ` +
      'please apply your changes to the latest version and try again',
    { name, group, kind: plural },
  );

export const invalid = (
  { group, kind }: Omit<Named, 'plural'>,
  name: string,
  causes: readonly Cause[],
): StatusError => {
  const sentences = causes.map(({ field, message }) => `${field}: ${message}`);
  const text = sentences.length === 1 ? sentences[0] : `[${sentences.join(', ')}]`;
  return new StatusError(422, 'Invalid', `${qualified(group, kind)} "${name}" is invalid: ${text}`, {
    ...(name && { name }),
    group,
    kind,
    causes,
  });
};

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);

export const requestTooLarge = (maxBytes: number): StatusError =>
  new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${maxBytes}`);

/** Something that a real cluster may do and this one does not. */
export const notImplemented = (what: string): StatusError =>
  new StatusError(501, 'NotImplemented', `The laptop's Kubernetes does not answer ${what}.`);
