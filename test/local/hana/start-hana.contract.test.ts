import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LaptopWarehouse, type StartOptions, startHana } from '#local/hana/start-hana.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { descendantsOf } from '#test/cli/fedml-process.ts';

const PASSWORD = 'Secret1234';

describe("the laptop's warehouse, filled from datasphere folders", () => {
  let scratch: string;

  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'fedml-spaces-'));
  });

  afterEach(() => rm(scratch, { recursive: true, force: true }));

  const space = async (pipeline: string, files: Readonly<Record<string, string>>): Promise<void> => {
    const folder = join(scratch, 'pipelines', pipeline, 'datasphere');
    await mkdir(folder, { recursive: true });
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  };

  const start = (options?: StartOptions) =>
    startHana(
      {
        dataDir: join(scratch, 'data'),
        pipelinesDir: join(scratch, 'pipelines'),
        user: 'SALES#ML',
        password: PASSWORD,
      },
      options,
    );

  const clientOf = ({ host, port, certificate }: LaptopWarehouse) => {
    const credentials = {
      address: host,
      port,
      user: 'SALES#ML',
      password: PASSWORD,
      schema: 'SALES',
      encrypt: true,
      sslValidateCertificate: true,
      sslTrustStore: certificate,
    };
    return hanaWarehouse({ get: async () => credentials, refresh: async () => credentials } as never);
  };

  const warehouseProcesses = () =>
    descendantsOf(process.pid).filter(({ command }) => command.includes('hana/process.ts'));

  const COUNTRIES = {
    'space.yml': `space: SALES
tables:
  - { table: COUNTRY, file: countries.csv, columns: '"CODE" NVARCHAR(2) PRIMARY KEY, "NAME" NVARCHAR(50)', query: 'SELECT code, name FROM source' }
sql: views.sql
`,
    'countries.csv': 'code,name\nDE,"Germany; the Federal Republic"\nFR,France\n',
    'views.sql': '-- nothing; yet\n',
  };

  const VIEW = {
    'space.yml': 'space: SALES\ntables: []\nsql: views.sql\n',
    'views.sql': `CREATE OR REPLACE VIEW "SALES"."V_COUNTRY" AS SELECT "NAME" FROM "SALES"."COUNTRY" WHERE "NAME" <> ';';
      GRANT SELECT ON "SALES"."V_COUNTRY" TO "SALES#ML";`,
  };

  it('has its tables before any view, whatever the folders are called, and keeps both over a restart', async () => {
    await space('a-view-of-b', VIEW);
    await space('b', COUNTRIES);
    await (await start()).close();

    const warehouse = await start();
    const { rows } = await clientOf(warehouse).query('SELECT NAME FROM SALES.V_COUNTRY ORDER BY NAME');
    await warehouse.close();

    expect(rows).toEqual([['France'], ['Germany; the Federal Republic']]);
  });

  it('is there again on the same port after its process was killed, and that of its successor, and ends for good when it is closed', async () => {
    await space('a-view-of-b', VIEW);
    await space('b', COUNTRIES);
    const told: string[] = [];
    const warehouse = await start({ onProgress: (text) => told.push(text) });

    const [first] = warehouseProcesses();
    process.kill(first!.pid, 'SIGKILL');
    // The second one dies while it starts.
    await vi.waitFor(() => process.kill(warehouseProcesses().find(({ pid }) => pid !== first!.pid)!.pid, 'SIGKILL'));
    await vi.waitFor(() => expect(told.at(-1)).toBe('the warehouse ended (SIGKILL) and was started again'), {
      timeout: 10_000,
    });
    const { rows } = await clientOf(warehouse).query('SELECT NAME FROM SALES.V_COUNTRY ORDER BY NAME');
    await warehouse.close();

    expect(rows).toEqual([['France'], ['Germany; the Federal Republic']]);
    expect(warehouseProcesses()).toEqual([]);
  });

  it.each([
    [
      'an unknown setting',
      { 'space.yml': `${COUNTRIES['space.yml']}tabels: []\n` },
      /^pipelines\/b\/datasphere\/space\.yml can't be read\.[\s\S]*tabels/,
    ],
    ['YAML that is none', { 'space.yml': 'space: [' }, /space\.yml can't be read/],
    [
      'a file that is not there',
      { 'space.yml': COUNTRIES['space.yml'].replace('countries.csv', 'nowhere.csv') },
      /the table COUNTRY can't be filled[\s\S]*nowhere\.csv/,
    ],
    [
      'a file of another kind',
      { 'space.yml': COUNTRIES['space.yml'].replace('countries.csv', 'countries.xlsx') },
      /is not a Parquet, CSV or JSON file/,
    ],
    [
      'a package that is not there',
      { 'space.yml': COUNTRIES['space.yml'].replace('countries.csv', 'npm:no-such-package/x.csv') },
      /npm:no-such-package\/x\.csv is not installed/,
    ],
    [
      'a missing file of statements',
      { 'space.yml': COUNTRIES['space.yml'].replace('views.sql', 'veiws.sql') },
      /has no file veiws\.sql/,
    ],
    [
      'a statement that fails',
      {
        'views.sql':
          'CREATE VIEW "SALES"."W" AS SELECT * FROM "SALES"."COUNTRY";\nCREATE VIEW "SALES"."V" AS SELECT * FROM "SALES"."NOWHERE";',
      },
      /views\.sql: statement 2 of 2 fails\.[\s\S]*NOWHERE/,
    ],
  ])('says where the mistake is: %s', async (_, files, message) => {
    await space('b', { ...COUNTRIES, ...files });

    await expect(start()).rejects.toMatchObject({ name: 'InvalidSpaceError', message: expect.stringMatching(message) });
  });
});
