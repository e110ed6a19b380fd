import { expect, it } from 'vitest';
import type { DeployedPolicies, Iam, KeyPair } from '#local/iam/iam.ts';
import { allow, roleFor } from '#test/local/iam/roles.ts';

/** One call of a service and all that its caller needs. */
export interface AccessRow {
  readonly operation: string;
  readonly send: (as: KeyPair) => Promise<unknown>;
  /** Each action and its resource, in the order in which they are asked for. */
  readonly needs: readonly (readonly [action: string, resource: string])[];
  /** The resource as a denial shows it, where that isn't its ARN. */
  readonly shown?: string;
  /** How the call ends for who is allowed it, where it doesn't succeed. */
  readonly otherwise?: string;
}

interface Others {
  readonly iam: Iam;
  readonly roles?: DeployedPolicies['roles'];
  readonly resourcePolicies?: DeployedPolicies['resourcePolicies'];
}

const CALLER = 'arn:aws:iam::000000000000:role/services/caller';
export const CALLER_SESSION = 'arn:aws:sts::000000000000:assumed-role/caller/session';

/** How a call ends that a role with these grants makes; its name is empty where it succeeds. */
const attempt = async (
  { send }: AccessRow,
  grants: AccessRow['needs'],
  { iam, roles = [], resourcePolicies = {} }: Others,
): Promise<{ name: string; message: string }> => {
  const statements = grants.map(([action, resource]) => allow(action, resource));
  iam.deploy({ roles: [...roles, roleFor('lambda.amazonaws.com', CALLER, statements)], resourcePolicies });
  try {
    await send(iam.sessionKeys(CALLER, 'session'));
    return { name: '', message: '' };
  } catch (error) {
    return error as Error;
  }
};

/** In another account a grant gives nothing: its owner would have to agree. */
export const expectForeign = (rows: readonly AccessRow[], others: () => Others): void => {
  it.each(rows)('refuses $operation in another account, whatever a role is granted', async (row) => {
    const { name, message } = await attempt(row, row.needs, others());

    expect(name).toBe('AccessDeniedException');
    expect(message).toContain(`because no resource-based policy allows the ${row.needs[0]![0]} action`);
  });
};

/** A role with exactly the grants of a row may call; without any one of them it is refused in AWS's words. */
export const expectExactGrants = (rows: readonly AccessRow[], others: () => Others): void => {
  it.each(rows)('lets a role with exactly its grants call $operation', async (row) => {
    const { name, message } = await attempt(row, row.needs, others());

    expect({ name, message }).toMatchObject({ name: row.otherwise ?? '' });
  });

  it.each(rows.flatMap((row) => row.needs.map((need) => ({ row, operation: row.operation, without: need[0], need }))))(
    'refuses $operation without $without',
    async ({ row, need }) => {
      const [action, resource] = need;
      const rest = row.needs.filter((other) => other !== need);
      const elsewhere = resource === '*' ? rest : [...rest, [action, `${resource}x`] as const];

      for (const grants of [rest, elsewhere]) {
        const { name, message } = await attempt(row, grants, others());

        expect(name).toBe('AccessDeniedException');
        expect(message).toBe(
          `User: ${CALLER_SESSION} is not authorized to perform: ${action} on resource: ${row.shown ?? resource} ` +
            `because no identity-based policy allows the ${action} action`,
        );
      }
    },
  );
};
