import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localhostCertificate } from '#local/hana/certificate.ts';
import { startHanaServer } from '#local/hana/server.ts';
import { openHanaEngine } from '#local/hana/sql/engine.ts';
import { startS3 } from '#local/s3/start-s3.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';

/** The warehouse and the S3 of the bench, in a process of their own. The views `V_<rows>` make their rows when read. */
const [password = '', ...sizes] = process.argv.slice(2);

const folder = await mkdtemp(join(tmpdir(), 'staging-memory-'));
const tls = await localhostCertificate(folder);
const users = ['SPACE', 'SPACE#USER'].map((name) => ({ name, password }));
const engine = await openHanaEngine({ databaseFile: ':memory:', users });
for (const rowCount of sizes) {
  await engine.administration.execute(`CREATE VIEW "SPACE"."V_${rowCount}" AS SELECT
    GENERATED_PERIOD_START AS "ID",
    TO_BIGINT(GENERATED_PERIOD_START) * 1000003 AS "BIG",
    TO_DECIMAL(MOD(GENERATED_PERIOD_START * 7, 100000000) / 100, 15, 2) AS "AMOUNT",
    CASE WHEN MOD(GENERATED_PERIOD_START, 10) = 3 THEN NULL ELSE SQRT(GENERATED_PERIOD_START) END AS "RATIO",
    'Customer ' || MOD(GENERATED_PERIOD_START, 5000) AS "NAME",
    CASE MOD(GENERATED_PERIOD_START, 3) WHEN 0 THEN 'Müllheim' WHEN 1 THEN 'Karlsruhe Durlach' ELSE 'Heidelberg' END AS "CITY",
    'ORD' || GENERATED_PERIOD_START AS "CODE",
    ADD_DAYS(DATE '2001-01-01', MOD(GENERATED_PERIOD_START, 8000)) AS "DAY",
    ADD_SECONDS(TIMESTAMP '2001-01-01 00:00:00', MOD(GENERATED_PERIOD_START, 2000)) AS "MOMENT",
    MOD(GENERATED_PERIOD_START, 3) AS "LATE"
    FROM SERIES_GENERATE_INTEGER(1, 0, ${rowCount})`);
  await engine.administration.execute(`GRANT SELECT ON "SPACE"."V_${rowCount}" TO "SPACE#USER"`);
}
const hana = await startHanaServer({ engine, tls });
const s3 = await startS3({ dataDir: join(folder, 's3'), account: LOCAL_ACCOUNT });

process.on('disconnect', async () => {
  await hana.close();
  await engine.close();
  await s3.close();
  await rm(folder, { recursive: true });
  process.exit();
});

process.send?.({ host: hana.host, port: hana.port, certificate: tls.cert, s3: s3.url });
