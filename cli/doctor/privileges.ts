import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import type { WarehouseCredentials } from '#shared/warehouse/credentials.ts';
import type { SqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import { examine, type Finding, ok, problem, warning } from './finding.ts';

interface Privilege {
  readonly privilege: string;
  readonly objectType: string;
  readonly schema: string | null;
}

const SUBJECT = 'warehouse privileges';
const WRITING = new Set(['INSERT', 'UPDATE', 'DELETE', 'ALTER', 'DROP', 'CREATE ANY', 'TRUNCATE', 'INDEX', 'TRIGGER']);

/** What the database user may do: enough to write predictions, and no more than that. */
export const privilegeFindings = async (
  warehouse: Pick<SqlWarehouse, 'query'>,
  { user, schema }: WarehouseCredentials,
  pipelines: readonly PipelineDefinition[],
): Promise<Finding[]> => {
  let privileges: readonly Privilege[] = [];
  const asked = await examine(SUBJECT, 'Look them up in Datasphere.', async () => {
    privileges = await effectivePrivileges(warehouse);
    return `${privileges.length} privileges`;
  });
  if (asked.status === 'problem') return [warning(SUBJECT, asked.detail, 'Look them up in Datasphere.')];
  return [...writeFindings(privileges, user, pipelines), excessFinding(privileges, user, schema)];
};

const effectivePrivileges = async (warehouse: Pick<SqlWarehouse, 'query'>): Promise<Privilege[]> => {
  const { rows } = await warehouse.query(
    'SELECT DISTINCT PRIVILEGE, OBJECT_TYPE, SCHEMA_NAME FROM SYS.EFFECTIVE_PRIVILEGES WHERE USER_NAME = CURRENT_USER',
  );
  return rows.map(([privilege, objectType, schema]) => ({
    privilege: String(privilege),
    objectType: String(objectType),
    schema: schema === null || schema === undefined ? null : String(schema),
  }));
};

const writeFindings = (
  privileges: readonly Privilege[],
  user: string,
  pipelines: readonly PipelineDefinition[],
): Finding[] => {
  const writers = pipelines.filter(({ prediction }) => prediction).map(({ name }) => name);
  if (writers.length === 0) return [];
  const mayCreate = privileges.some(({ privilege, schema }) => privilege === 'CREATE ANY' && schema === user);
  const subject = `warehouse schema ${user}`;
  return [
    mayCreate
      ? ok(subject, `tables may be created in it, for the predictions of ${writers.join(', ')}`)
      : problem(
          subject,
          `no table can be created in it, which the predictions of ${writers.join(', ')} need`,
          'Switch on "Enable Write Access (SQL, DDL, & DML)" for the database user in Datasphere.',
        ),
  ];
};

const excessFinding = (privileges: readonly Privilege[], user: string, space: string): Finding => {
  const excess = privileges.filter(
    ({ privilege, objectType, schema }) =>
      objectType === 'SYSTEMPRIVILEGE' || (WRITING.has(privilege) && schema !== null && schema !== user),
  );
  if (excess.length === 0) return ok(SUBJECT, `none beyond reading ${space} and owning ${user}`);
  const told = excess.map(({ privilege, schema }) => (schema ? `${privilege} on ${schema}` : privilege));
  return warning(
    SUBJECT,
    `more than a pipeline needs: ${[...new Set(told)].join(', ')}`,
    'Take them from the user, or give the pipelines a user of their own: what they may do, a stolen secret may do.',
  );
};
