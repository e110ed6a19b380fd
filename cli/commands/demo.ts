import { config } from '#shared/config.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { loadRunRecord, type RunRecord } from '#shared/pipeline/run-record.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { quoteIdentifier } from '#shared/warehouse/sql.ts';
import { printEnding } from '../ending.ts';
import { runPipeline } from '../run-pipeline.ts';
import { withLastingCloud } from '../session.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

const PIPELINE = 'flights';

export const demo: Command = {
  usage: 'demo',
  summary:
    'The whole pipeline of the flights example on this laptop: warehouse, S3, training, endpoint, predictions, warehouse.',
  options: {},
  positionals: [0, 0],
  async run({ out }) {
    out.print(
      out.style('bold', 'FedML Serverless') +
        ': which flights will be late? From a view in the warehouse to predictions in a table of it.',
    );
    out.print("  No AWS account and no SAP tenant: the laptop's cloud speaks their protocols on 127.0.0.1.");
    out.print();
    return withLastingCloud(out, async (cloud) => {
      const execution = await runPipeline(cloud, { pipeline: PIPELINE }, out);
      const exitCode = await printEnding(execution, PIPELINE, out);
      if (exitCode === EXIT.done) await printRows((execution.output as { runUri: string }).runUri, out);
      return exitCode;
    });
  },
};

/** The proof: rows read back from the warehouse's table, by the same client that wrote them. */
const printRows = async (runUri: string, out: Terminal): Promise<void> => {
  const record = await loadRunRecord(s3ObjectStore(), runUri);
  const { headers, rows } = await hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn)).query(
    sampleOf(record),
  );
  out.print();
  out.print('  Five rows, read back from the warehouse:');
  for (const line of table(headers, rows)) out.print(`  ${line}`);
  out.print();
  out.print(
    '  Next: npx fedml show, npx fedml query "SELECT …", npx fedml up, and pipelines/flights for what was run.',
  );
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
