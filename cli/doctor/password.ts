import { PipelineError } from '#shared/errors.ts';
import type { SqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** Time enough to renew a password without a night shift. */
const WARNING_DAYS = 14;

const SUBJECT = 'warehouse password';
const REMEDY = 'Renew it in Datasphere (Space > Database Access > Database Users), then in the secret.';

/** When the database user's password expires, as far as HANA shows it to the user. */
export const passwordFinding = async (warehouse: Pick<SqlWarehouse, 'query'>, now: Date): Promise<Finding> => {
  try {
    return await expiry(warehouse, now);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return warning(SUBJECT, `HANA doesn't show when it expires (${error.message})`, 'Look it up in Datasphere.');
  }
};

const expiry = async (warehouse: Pick<SqlWarehouse, 'query'>, now: Date): Promise<Finding> => {
  const { rows } = await warehouse.query(
    'SELECT PASSWORD_CHANGE_TIME, IS_PASSWORD_LIFETIME_CHECK_ENABLED, PASSWORD_CHANGE_NEEDED FROM SYS.USERS WHERE USER_NAME = CURRENT_USER',
  );
  const [changedAt, isChecked, mustChange] = rows[0] ?? [];
  if (String(mustChange) === 'TRUE') return problem(SUBJECT, 'it must be changed before anything else', REMEDY);
  if (String(isChecked) !== 'TRUE' || !changedAt) return ok(SUBJECT, 'it does not expire');
  const policy = await warehouse.query(
    "SELECT VALUE FROM SYS.M_PASSWORD_POLICY WHERE PROPERTY = 'maximum_password_lifetime'",
  );
  return untilExpiry(String(changedAt), Number(policy.rows[0]?.[0] ?? 0), now);
};

const DAY_MS = 86_400_000;

const untilExpiry = (changedAt: string, lifetimeDays: number, now: Date): Finding => {
  const expiresAt = new Date(`${changedAt.replace(' ', 'T').slice(0, 19)}Z`).getTime() + lifetimeDays * DAY_MS;
  const days = Math.floor((expiresAt - now.getTime()) / DAY_MS);
  if (days < 0) return problem(SUBJECT, `it expired ${-days} days ago`, REMEDY);
  const detail = `it expires in ${days} days`;
  return days < WARNING_DAYS ? warning(SUBJECT, detail, REMEDY) : ok(SUBJECT, detail);
};
