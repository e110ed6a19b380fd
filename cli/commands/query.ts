import { config } from '#shared/config.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { withCloud } from '../session.ts';
import { table } from '../terminal.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const query: Command = {
  usage: 'query "SELECT …"',
  summary: "Asks the warehouse, as the pipeline's database user and in a session that can't write.",
  options: {},
  positionals: [1, 1],
  run: ({ positionals, out }) =>
    withCloud(out, async () => {
      const warehouse = hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn));
      const { headers, rows } = await warehouse.query(positionals[0]!);
      for (const line of table(headers, rows)) out.print(line);
      out.print(out.style('dim', `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`));
      return EXIT.done;
    }),
};
