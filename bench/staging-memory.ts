import { fork } from 'node:child_process';
import { once } from 'node:events';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import type { Extraction } from './staging-memory/extract.ts';

/**
 * The memory of one ExtractPartition that reads more and more rows of 10 columns as one partition: above an idle process
 * it should be the same for all of them. A process for each size, with the options that the function has in AWS.
 *
 *     node bench/staging-memory.ts [rows,rows,…] [what pipeline.yml says of the source, as JSON]
 */
const [sizes = '100000,1000000,10000000', source = '{}'] = process.argv.slice(2);

/** The most that a function may need above an idle process. */
const LIMIT_MB = 150;

const PASSWORD = 'Bench12345';
const servers = fork(new URL('staging-memory/servers.ts', import.meta.url), [PASSWORD, ...sizes.split(',')]);
const [{ host, port, certificate, s3 }] = (await once(servers, 'message')) as [Record<string, string>];
const secret = JSON.stringify({
  address: host,
  port: Number(port),
  user: 'SPACE#USER',
  password: PASSWORD,
  schema: 'SPACE',
  sslTrustStore: certificate,
});
const client = new S3Client({
  endpoint: s3!,
  region: LOCAL_ACCOUNT.region,
  credentials: { accessKeyId: 'laptop', secretAccessKey: 'laptop' },
});
await client.send(new CreateBucketCommand({ Bucket: 'bench' }));

const extract = async (rows: string): Promise<Extraction> => {
  const child = fork(new URL('staging-memory/extract.ts', import.meta.url), [secret, s3!, `V_${rows}`, source], {
    execArgv: process.execArgv,
  });
  const [extraction] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [undefined])]);
  if (!extraction) throw new Error(`The extraction of ${rows} rows ended without an answer.`);
  return extraction as Extraction;
};

const table = [];
for (const rows of sizes.split(',')) {
  const { idleMb, peakMb, seconds, cpuSeconds, rowCount, sizeBytes } = await extract(rows);
  table.push({
    rows: rowCount,
    'staged MB': Math.round(sizeBytes / 1024 / 1024),
    'idle MB': Math.round(idleMb),
    'peak MB': Math.round(peakMb),
    'above idle MB': Math.round(peakMb - idleMb),
    'within the limit': peakMb - idleMb <= LIMIT_MB,
    seconds: Number(seconds.toFixed(1)),
    'CPU µs/row': Number(((cpuSeconds * 1e6) / rowCount).toFixed(1)),
  });
}
console.table(table);
servers.disconnect();
