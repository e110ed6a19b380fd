import type { Principal } from '../iam.ts';

/** How far a statement's `Principal` reaches: to this principal itself, or to the account that it belongs to. */
export type Reach = 'itself' | 'account' | undefined;

export type PrincipalMatch = (principal: Principal, accountId: string) => Reach;

/** Reads the `Principal` of a resource policy or a trust policy. @throws Error naming what isn't known. */
export const readPrincipal = (given: unknown): PrincipalMatch => {
  if (given === '*') return () => 'itself';
  if (typeof given !== 'object' || given === null) throw new Error(`Principal ${JSON.stringify(given)} is not known`);
  const matches = Object.entries(given).flatMap(([kind, names]) =>
    (Array.isArray(names) ? names : [names]).map((name) => readName(kind, name)),
  );
  if (matches.length === 0) throw new Error('Principal names nobody');
  return (principal, accountId) => {
    const reaches = matches.map((match) => match(principal, accountId));
    return reaches.find((reach) => reach === 'itself') ?? reaches.find((reach) => reach === 'account');
  };
};

const readName = (kind: string, name: unknown): PrincipalMatch => {
  if (typeof name !== 'string') throw new Error(`Principal ${kind} ${JSON.stringify(name)} is no text`);
  if (kind === 'Service' && /^[a-z0-9.-]+$/.test(name)) {
    return (principal) => (principal.type === 'service' && principal.service === name ? 'itself' : undefined);
  }
  if (kind !== 'AWS') throw new Error(`Principal ${kind} ${JSON.stringify(name)} is not known`);
  if (name === '*') return () => 'itself';
  const accountId = /^(?:(\d{12})|arn:aws:iam::(\d{12}):root)$/.exec(name)?.slice(1).find(Boolean);
  if (accountId !== undefined) {
    return (principal, own) => (principal.type !== 'service' && accountId === own ? 'account' : undefined);
  }
  if (!/^arn:aws:(iam|sts)::\d{12}:(role|user|assumed-role)\/[^*?$]+$/.test(name)) {
    throw new Error(`Principal ${kind} ${JSON.stringify(name)} is not known`);
  }
  return (principal) =>
    (principal.type !== 'service' && principal.arn === name) ||
    (principal.type === 'role' && principal.roleArn === name)
      ? 'itself'
      : undefined;
};
