import type { Unstored } from './object-store.ts';
import { resourceOfKind } from './resources.ts';
import { StatusError } from './status-error.ts';

/** Rules of the cluster's owner, beyond schemas and quotas, that each object has to pass before it is stored. */
export interface Admission {
  refusalOf(object: Unstored): StatusError | undefined;
  /** Refuses objects that break a rule, as a ValidatingAdmissionPolicy does, until the returned function is called. */
  addPolicy(policy: Policy): () => void;
  /** Refuses objects whose webhook gives no answer, until the returned function is called. */
  addAbsentWebhook(webhook: AbsentWebhook): () => void;
}

export interface Policy {
  readonly name: string;
  /** What an object breaks; undefined for one that passes. */
  readonly denies: (object: Unstored) => string | undefined;
  /** `Invalid`, which is the policies' default, or `Forbidden`. */
  readonly reason?: 'Invalid' | 'Forbidden';
}

export interface AbsentWebhook {
  readonly name: string;
  readonly service: string;
  readonly sees: (object: Unstored) => boolean;
}

type Rule = (object: Unstored) => StatusError | undefined;

export const openAdmission = (): Admission => {
  const rules = new Set<Rule>();
  const add = (rule: Rule): (() => void) => {
    rules.add(rule);
    return () => void rules.delete(rule);
  };
  return {
    refusalOf(object) {
      for (const rule of rules) {
        const refusal = rule(object);
        if (refusal) return refusal;
      }
      return undefined;
    },
    addPolicy: (policy) => add((object) => denial(policy, object)),
    addAbsentWebhook: (webhook) => add((object) => (webhook.sees(object) ? noAnswer(webhook) : undefined)),
  };
};

const CODES = { Invalid: 422, Forbidden: 403 } as const;

/** Both reasons say "is forbidden"; only the code tells them apart. */
const denial = ({ name, denies, reason = 'Invalid' }: Policy, object: Unstored): StatusError | undefined => {
  const why = denies(object);
  if (why === undefined) return undefined;
  const { group, plural } = resourceOfKind(object.kind);
  const message = `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: ${why}`;
  return new StatusError(
    CODES[reason],
    reason,
    `${group ? `${plural}.${group}` : plural} "${object.metadata.name}" is forbidden: ${message}`,
    { name: object.metadata.name, group, kind: plural, causes: [{ message }] },
  );
};

const noAnswer = ({ name, service }: AbsentWebhook): StatusError =>
  new StatusError(
    500,
    'InternalError',
    `Internal error occurred: failed calling webhook "${name}": failed to call webhook: Post ` +
      `"https://${service}.svc:443/inject?timeout=10s": dial tcp 10.0.0.1:443: connect: connection refused`,
  );
