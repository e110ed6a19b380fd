import type { DeployedPolicies, Iam, KeyPair } from '#local/iam/iam.ts';
import { openIam } from '#local/iam/open-iam.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';

/** The keys by which contract tests call a stand-in as the account's administrator. */
export const PERSON: KeyPair = {
  accessKeyId: 'AKIALOCALTESTPERSON1',
  secretAccessKey: 'the secret of the person who tests',
};

/** The access management of a stand-in under test: `PERSON` may do everything, nobody else anything until `deploy`. */
export const testIam = (policies: Partial<DeployedPolicies> = {}): Iam => {
  const iam = openIam({ account: LOCAL_ACCOUNT, personKeys: PERSON });
  iam.deploy({ roles: [], resourcePolicies: {}, ...policies });
  return iam;
};
