import { config } from '#shared/config.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { counted } from '../format.ts';
import { withCloud } from '../session.ts';
import { table } from '../table.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const query: Command = {
  usage: 'query "SELECT …" [--json]',
  summary: "Asks the warehouse, as the pipeline's database user and in a session that can't write.",
  details: [
    '  --json   an array of objects; numbers that JSON would round are text',
    '',
    '  npx fedml query "SELECT TOP 5 * FROM FLIGHTS.V_FLIGHTS_TO_SCORE"',
  ],
  options: { json: { type: 'boolean' } },
  positionals: [1, 1],
  run: ({ positionals, options, out }) =>
    withCloud(out, async () => {
      const warehouse = hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn));
      const { headers, rows } = await warehouse.query(positionals[0]!);
      if (options.json) {
        const objects = rows.map((row) => Object.fromEntries(headers.map((name, column) => [name, row[column]])));
        out.print(JSON.stringify(objects, jsonValue, 2));
        return EXIT.done;
      }
      for (const line of table(headers, rows)) out.print(line);
      out.note(out.style('dim', counted(rows.length, 'row')));
      return EXIT.done;
    }),
};

const jsonValue = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
