import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import type { CredentialSource, WarehouseCredentials } from '#shared/warehouse/credentials.ts';
import type { SqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import { examine, type Finding, ok, problem } from './finding.ts';
import { passwordFinding } from './password.ts';
import { privilegeFindings } from './privileges.ts';
import { viewFindings } from './views.ts';

export interface WarehousePorts {
  readonly credentials: CredentialSource;
  readonly warehouse: Pick<SqlWarehouse, 'query' | 'read'>;
}

/** The warehouse as the database user finds it: secret, encryption, login, password, views, privileges. */
export const warehouseFindings = async (
  ports: WarehousePorts,
  pipelines: readonly PipelineDefinition[],
): Promise<Finding[]> => {
  let credentials: WarehouseCredentials | undefined;
  const secret = await examine('warehouse secret', 'Store the fields of FedML’s config.json in it.', async () => {
    credentials = await ports.credentials.get();
    return `user ${credentials.user} at ${credentials.address}:${credentials.port}`;
  });
  if (!credentials) return [secret];
  const findings = [secret, encryptionFinding(credentials)];
  const login = await examine(
    'warehouse login',
    'Check host, port, password, and the addresses that Datasphere lets in (System > Configuration > IP Allowlist).',
    async () => {
      const { rows } = await ports.warehouse.query('SELECT CURRENT_USER, CURRENT_SCHEMA FROM DUMMY');
      return `logged in as ${rows[0]![0]}, schema ${rows[0]![1]}`;
    },
  );
  findings.push(login);
  if (login.status === 'problem') return findings;
  findings.push(await passwordFinding(ports.warehouse, new Date()));
  findings.push(...(await viewFindings(ports.warehouse, pipelines)));
  findings.push(...(await privilegeFindings(ports.warehouse, credentials, pipelines)));
  return findings;
};

const encryptionFinding = ({ encrypt, sslValidateCertificate }: WarehouseCredentials): Finding => {
  const subject = 'warehouse encryption';
  if (encrypt && sslValidateCertificate) return ok(subject, 'TLS, and the certificate is checked');
  return problem(
    subject,
    encrypt ? 'TLS, but the certificate is not checked: anybody can answer' : 'none: anybody can listen',
    'Set encrypt and sslValidateCertificate to true in the secret, and sslTrustStore to the authority if it is your own.',
  );
};
