import { onTestFinished } from 'vitest';
import type { HanaColumn, HanaSession, HanaValue } from '#local/hana/engine.ts';
import { type HanaEngineOptions, type LaptopHanaEngine, openHanaEngine } from '#local/hana/sql/engine.ts';

/** An engine in memory with user TESTER, closed when the test ends. */
export async function openWarehouse(options: Partial<HanaEngineOptions> = {}): Promise<LaptopHanaEngine> {
  const engine = await openHanaEngine({
    databaseFile: ':memory:',
    users: [{ name: 'TESTER', password: 'Secret123' }],
    lockWaitMilliseconds: 300,
    ...options,
  });
  onTestFinished(() => engine.close());
  return engine;
}

/** A session of an engine with everything a test says to it in one call. */
export class Client {
  readonly session: HanaSession;

  constructor(session: HanaSession) {
    this.session = session;
  }

  /** Runs a statement with autocommit. */
  async run(sql: string, ...rows: HanaValue[][]): Promise<readonly number[]> {
    return this.execute(sql, rows, true);
  }

  /** Runs a statement inside the open transaction. */
  async within(sql: string, ...rows: HanaValue[][]): Promise<readonly number[]> {
    return this.execute(sql, rows, false);
  }

  /** All rows of a query, each value as text, NULL as null. */
  async rows(sql: string, row: HanaValue[] = [], autocommit = true): Promise<(string | null)[][]> {
    return (await this.read(sql, row, autocommit)).rows;
  }

  /** The first column of all rows. */
  async column(sql: string, row: HanaValue[] = [], autocommit = true): Promise<(string | null)[]> {
    return (await this.rows(sql, row, autocommit)).map(([value]) => value ?? null);
  }

  async columns(sql: string): Promise<readonly HanaColumn[]> {
    return (await this.session.prepare(sql)).columns!;
  }

  /** The columns as `NAME TYPE(length,scale)`, with `!` where NULL can't be. */
  async shape(sql: string): Promise<string[]> {
    const columns = await this.columns(sql);
    return columns.map(
      ({ name, type, nullable }) => `${name} ${type.name}(${type.length},${type.scale})${nullable ? '' : '!'}`,
    );
  }

  /** The code of the error that a statement ends with; 0 when it has none. */
  async code(sql: string, ...rows: HanaValue[][]): Promise<number> {
    return this.errorOf(this.execute(sql, rows, true)).then((error) => error?.code ?? 0);
  }

  async message(sql: string, ...rows: HanaValue[][]): Promise<string> {
    return this.errorOf(this.execute(sql, rows, true)).then((error) => error?.message ?? '');
  }

  commit(): Promise<void> {
    return this.session.commit();
  }

  rollback(): Promise<void> {
    return this.session.rollback();
  }

  private async errorOf(execution: Promise<unknown>): Promise<{ code: number; message: string } | undefined> {
    return execution.then(
      () => undefined,
      (error) => error,
    );
  }

  private async execute(sql: string, rows: HanaValue[][], autocommit: boolean): Promise<readonly number[]> {
    const statement = await this.session.prepare(sql);
    const result = await statement.execute(rows.length > 0 ? rows : [[]], { autocommit });
    if (result.kind === 'cursor') while (await result.cursor.nextChunk());
    await statement.close();
    return result.kind === 'affected' ? result.rowsAffected : [];
  }

  private async read(sql: string, row: HanaValue[], autocommit: boolean): Promise<{ rows: (string | null)[][] }> {
    const statement = await this.session.prepare(sql);
    const result = await statement.execute([row], { autocommit });
    if (result.kind !== 'cursor') throw new Error(`${sql} is not a query`);
    const rows: (string | null)[][] = [];
    for (let chunk = await result.cursor.nextChunk(); chunk; chunk = await result.cursor.nextChunk()) {
      rows.push(...chunk.getRows().map((values) => values.map((value) => (value === null ? null : String(value)))));
    }
    return { rows };
  }
}

export async function openClient(options: Partial<HanaEngineOptions> = {}): Promise<Client> {
  return new Client(await (await openWarehouse(options)).openSession('TESTER'));
}
