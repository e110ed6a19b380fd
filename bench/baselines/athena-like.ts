import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import hana from '@sap/hana-client';
import { measured, settingsOf } from '../measured.ts';
import { clientProperties, type StageSettings } from './settings.ts';

/**
 * As Athena's connector for HANA reads a view: in one split, on one connection, 1,000 rows a fetch, and in spilled blocks of
 * 16 MB. Only the shape is Athena's: it runs on a JVM, and spills Arrow where there is CSV here.
 */
const { warehouse, view, bucket, prefix } = settingsOf<StageSettings>();

const FETCH_SIZE_ROWS = 1_000;
const SPILL_BLOCK_BYTES = 16_000_000;

async function* lines(count: (rows: number) => void): AsyncGenerator<string> {
  const client = hana.createConnection();
  client.connect({ ...clientProperties(warehouse), fetchSize: String(FETCH_SIZE_ROWS) });
  const statement = client.prepare(`SELECT * FROM "${warehouse.schema}"."${view}"`);
  const results = statement.execQuery();
  results.setAsArrayDefault(true);
  for (let more = results.next(); more; ) {
    let text = '';
    let rows = 0;
    for (; more && rows < FETCH_SIZE_ROWS; rows++, more = results.next()) {
      text += `${results
        .getValues<unknown[]>()
        .map((value) => (value === null ? '' : String(value)))
        .join(',')}\n`;
    }
    count(rows);
    yield text;
  }
  client.disconnect();
}

await measured(async () => {
  let rowCount = 0;
  const body = Readable.from(
    lines((rows) => {
      rowCount += rows;
    }),
    { objectMode: false },
  );
  await new Upload({
    client: new S3Client({}),
    params: { Bucket: bucket, Key: `${prefix}/rows.csv`, Body: body },
    partSize: SPILL_BLOCK_BYTES,
    queueSize: 1,
  }).done();
  return rowCount;
});
