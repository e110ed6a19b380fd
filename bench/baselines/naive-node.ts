import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import hana from '@sap/hana-client';
import { measured, settingsOf } from '../measured.ts';
import { clientProperties, type StageSettings } from './settings.ts';

/** What one writes first: all rows as objects, as JSON, in one PUT. */
const { warehouse, view, bucket, prefix } = settingsOf<StageSettings>();

await measured(async () => {
  const client = hana.createConnection();
  client.connect(clientProperties(warehouse));
  const rows = client.exec<object[]>(`SELECT * FROM "${warehouse.schema}"."${view}"`);
  client.disconnect();
  const s3 = new S3Client({});
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/rows.json`, Body: JSON.stringify(rows) }));
  return rows.length;
});
