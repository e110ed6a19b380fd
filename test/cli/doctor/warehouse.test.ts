import { describe, expect, it } from 'vitest';
import { passwordFinding } from '#cli/doctor/password.ts';
import { privilegeFindings } from '#cli/doctor/privileges.ts';
import { type WarehousePorts, warehouseFindings } from '#cli/doctor/warehouse.ts';
import { InvalidInputError, UnknownWarehouseObjectError, WarehouseLoginError } from '#shared/errors.ts';
import type { WarehouseCredentials } from '#shared/warehouse/credentials.ts';
import type { Row } from '#shared/warehouse/warehouse.ts';
import { definitionOf } from '#test/shared/pipeline/fixture.ts';

const CREDENTIALS = {
  address: 'hana.example.com',
  port: 443,
  user: 'SPACE#ML',
  password: 'hunter2',
  schema: 'SPACE',
  encrypt: true,
  sslValidateCertificate: true,
} as WarehouseCredentials;

const OWN: Row[] = [
  ['SELECT', 'SCHEMA', 'SPACE'],
  ['CREATE ANY', 'SCHEMA', 'SPACE#ML'],
];

interface Given {
  readonly user?: Row;
  readonly lifetimeDays?: string;
  readonly privileges?: readonly Row[];
  readonly credentials?: Partial<WarehouseCredentials>;
  readonly columns?: readonly string[];
}

const warehouseOf = ({ user = [null, 'FALSE', 'FALSE'], lifetimeDays = '182', privileges = OWN, columns }: Given) => ({
  async query(sql: string) {
    if (sql.includes('SYS.USERS')) return { headers: [], rows: [user] };
    if (sql.includes('M_PASSWORD_POLICY')) return { headers: [], rows: [[lifetimeDays]] };
    if (sql.includes('EFFECTIVE_PRIVILEGES')) return { headers: [], rows: privileges };
    return { headers: [], rows: [['SPACE#ML', 'SPACE#ML']] as Row[] };
  },
  async read(_: unknown, work: (session: never) => unknown) {
    return work({
      schema: 'SPACE',
      async columnsOf() {
        if (!columns) throw new UnknownWarehouseObjectError('There is no view "SPACE"."V_TRAINING".');
        return columns.map((name) => ({ name }));
      },
    } as never);
  },
});

const examine = (given: Given = {}) => {
  const credentials = { ...CREDENTIALS, ...given.credentials };
  const ports = {
    credentials: { get: async () => credentials, refresh: async () => credentials },
    warehouse: warehouseOf({ columns: ['ID', 'A', 'LATE'], ...given }),
  } as WarehousePorts;
  return warehouseFindings(ports, [definitionOf()]);
};
const troubles = async (given: Given) => (await examine(given)).filter(({ status }) => status !== 'ok');

describe('the doctor in the warehouse', () => {
  it('finds nothing where all is well', async () => {
    expect(await troubles({})).toEqual([]);
  });

  it.each([
    [{ credentials: { encrypt: false } }, 'warehouse encryption', /anybody can listen/],
    [{ credentials: { sslValidateCertificate: false } }, 'warehouse encryption', /anybody can answer/],
    [{ columns: ['ID', 'A', 'late'] }, 'view V_TRAINING of flights', /no column LATE. Did you mean "late"\?/],
    [{ user: [null, 'FALSE', 'TRUE'] as Row }, 'warehouse password', /must be changed/],
  ])('finds %o', async (given, subject, detail) => {
    expect(await troubles(given as Given)).toEqual([
      { status: 'problem', subject, detail: expect.stringMatching(detail), remedy: expect.any(String) },
    ]);
  });

  it('finds a view that isn’t there and goes on', async () => {
    const findings = await warehouseFindings(
      {
        credentials: { get: async () => CREDENTIALS, refresh: async () => CREDENTIALS },
        warehouse: warehouseOf({}) as never,
      },
      [definitionOf()],
    );

    expect(findings.find(({ subject }) => subject.startsWith('view'))).toMatchObject({ status: 'problem' });
    expect(findings.at(-1)).toMatchObject({ subject: 'warehouse privileges', status: 'ok' });
  });

  it('asks no further without a secret or a login, and never tells the password', async () => {
    const noSecret = {
      get: async () => Promise.reject(new InvalidInputError('The warehouse secret is not JSON.')),
      refresh: async () => CREDENTIALS,
    };
    const noLogin = {
      query: async () => Promise.reject(new WarehouseLoginError('10: authentication failed')),
      read: async () => Promise.reject(new Error('not asked')),
    };

    const first = await warehouseFindings({ credentials: noSecret, warehouse: noLogin as never }, []);
    const second = await warehouseFindings(
      { credentials: { get: async () => CREDENTIALS, refresh: async () => CREDENTIALS }, warehouse: noLogin as never },
      [],
    );

    expect(first.map(({ subject, status }) => [subject, status])).toEqual([['warehouse secret', 'problem']]);
    expect(second.at(-1)).toMatchObject({
      subject: 'warehouse login',
      status: 'problem',
      detail: 'WarehouseLoginError: 10: authentication failed',
    });
    expect(JSON.stringify([first, second])).not.toContain('hunter2');
  });
});

describe('the password', () => {
  const NOW = new Date('2026-07-01T00:00:00Z');
  const found = (changedAt: string, lifetimeDays = '90') =>
    passwordFinding(warehouseOf({ user: [changedAt, 'TRUE', 'FALSE'], lifetimeDays }) as never, NOW);

  it.each([
    ['2026-06-01 00:00:00.0000000', 'ok', 'it expires in 60 days'],
    ['2026-04-10 12:00:00', 'warning', 'it expires in 8 days'],
    ['2026-03-01 00:00:00', 'problem', 'it expired 32 days ago'],
  ])('changed at %s is %s', async (changedAt, status, detail) => {
    expect(await found(changedAt)).toMatchObject({ status, detail });
  });

  it('may be hidden from the user', async () => {
    const query = async () => Promise.reject(new UnknownWarehouseObjectError('SYS.USERS'));

    expect(await passwordFinding({ query } as never, NOW)).toMatchObject({ status: 'warning' });
  });
});

describe('the privileges', () => {
  const WRITES = {
    prediction: {
      source: { view: 'V', key: ['ID'] },
      columns: [{ name: 'P', type: 'DOUBLE' }],
      target: { table: 'T' },
    },
  };
  const found = (privileges: readonly Row[], settings: object = {}) =>
    privilegeFindings(warehouseOf({ privileges }) as never, CREDENTIALS, [definitionOf(settings)]);

  it('are enough to write predictions, where a pipeline does', async () => {
    expect(await found(OWN, WRITES)).toMatchObject([{ status: 'ok' }, { status: 'ok' }]);
    expect(await found([OWN[0]!], WRITES)).toMatchObject([{ status: 'problem', remedy: /Write Access/ }, {}]);
  });

  it('are told where they are more than is needed', async () => {
    const [finding] = await found([...OWN, ['DELETE', 'SCHEMA', 'SPACE'], ['USER ADMIN', 'SYSTEMPRIVILEGE', null]]);

    expect(finding).toMatchObject({ status: 'warning', detail: /DELETE on SPACE, USER ADMIN$/ });
  });
});
