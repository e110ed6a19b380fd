import { config } from '#shared/config.ts';
import type { RunRecord } from '#shared/pipeline/run-record.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { quoteIdentifier } from '#shared/warehouse/sql.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

/** The proof: rows read back from the warehouse's table, by the same client that wrote them. */
export const printRows = async (record: RunRecord, out: Terminal): Promise<void> => {
  const warehouse = hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn));
  const { headers, rows } = await warehouse.query(sampleOf(record));
  out.print();
  out.print('  Five rows, read back from the warehouse:');
  for (const line of table(headers, rows)) out.print(`  ${line}`);
  out.print();
};

const sampleOf = ({ prediction: { publication }, definition }: RunRecord): string => {
  const columns = [
    ...definition.prediction!.source.key,
    ...definition.prediction!.columns.map(({ name }) => name),
    'RUN_ID',
    'INSERTED_AT',
  ];
  const order = quoteIdentifier(definition.prediction!.columns[0]!.name);
  return (
    `SELECT TOP 5 ${columns.map(quoteIdentifier).join(', ')} ` +
    `FROM ${quoteIdentifier(publication!.schema)}.${quoteIdentifier(publication!.table)} ORDER BY ${order} DESC`
  );
};
