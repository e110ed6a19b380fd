import type { Caller, Check, Iam, KeyPair, Principal } from '#local/iam/iam.ts';
import { repositoryArn } from './ecr-names.ts';
import type { RepositoryName } from './store.ts';

/** Whoever a token was given to, with what they may do now. */
export const callerOf = (iam: Iam, principal: Principal): Caller => iam.callerOf(keysOf(iam, principal));

const keysOf = (iam: Iam, principal: Principal): KeyPair => {
  if (principal.type === 'user') return iam.personKeys;
  if (principal.type === 'service') return iam.serviceKeys(principal.service, principal.sourceArn);
  return iam.sessionKeys(principal.roleArn, principal.arn.slice(principal.arn.lastIndexOf('/') + 1));
};

export const repositoryCheck = (action: string, region: string, repository: RepositoryName): Check => ({
  action: `ecr:${action}`,
  resource: repositoryArn(region, repository),
});
