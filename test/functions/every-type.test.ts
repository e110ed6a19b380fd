import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planWrite as planWriteStep } from '#functions/prediction/plan-write/plan-write.ts';
import { publishPredictions as publishPredictionsStep } from '#functions/prediction/publish-predictions/publish-predictions.ts';
import { writePart as writePartStep } from '#functions/prediction/write-part/write-part.ts';
import type { LaptopHanaEngine } from '#local/hana/sql/engine.ts';
import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { csvRecordsOf } from '#shared/dataset/read-csv.ts';
import { PlannedPart } from '#shared/predictions/write-record.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { createColumnTable } from '#shared/warehouse/sql.ts';
import { sqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import { engineConnections, openEngine } from '#test/functions/exactly-once/engine-connections.ts';
import { granted } from '#test/functions/granted.ts';
import { stage } from '#test/functions/staging/stage.ts';
import { noRunEnds } from '#test/shared/executions/run-endings.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun } from '#test/shared/pipeline/fixture.ts';

const planWrite = granted('planWrite', planWriteStep);
const publishPredictions = granted('publishPredictions', publishPredictionsStep);
const writePart = granted('writePart', writePartStep);

/** For each type that a key may have: texts of CSV, at the type's extremes and where values get lost easily. */
const EVERY_TYPE: readonly (readonly [type: string, ...texts: string[]])[] = [
  ['TINYINT', '0', '255'],
  ['SMALLINT', '-32768', '32767'],
  ['INTEGER', '-2147483648', '2147483647'],
  ['BIGINT', '-9223372036854775808', '9223372036854775807', '9007199254740993'],
  ['DECIMAL(38,10)', '1234567890123456789012345678.0123456789', '-0.0000000001', '0.0000000000'],
  ['DECIMAL(5,0)', '99999', '-99999'],
  ['DECIMAL(10,2)', '1.50', '1.00'],
  ['DECIMAL', '123456789012345678901234.5', '-0.0000000001', '7'],
  ['SMALLDECIMAL', '1.4', '1.5', '1', '-200.55', '0.000000000001'],
  ['REAL', '0.1', '-16777216', '3.4028235e+38'],
  ['DOUBLE', '0.1', '-1.7976931348623157e+308', '5e-324'],
  ['BOOLEAN', 'true', 'false'],
  ['VARCHAR(10)', 'ascii', ''],
  ['NVARCHAR(40)', '', ' lead', 'trail  ', 'NULL', 'NaN', '007', '1.50', 'a,"b"', 'Grüße 😀'],
  ['ALPHANUM(9)', 'ABC1', '0012'],
  ['VARBINARY(4)', '0001feff', '07'],
  ['DATE', '0001-01-01', '9999-12-31', '1582-10-10', '2024-02-29'],
  ['TIME', '00:00:00', '23:59:59'],
  ['SECONDDATE', '0001-01-01 00:00:00', '9999-12-31 23:59:59'],
  ['TIMESTAMP', '0001-01-01 00:00:00', '9999-12-31 23:59:59.999999', '2024-11-03 01:30:00.1'],
];

let engine: LaptopHanaEngine;
beforeAll(async () => {
  engine = await openEngine();
});
afterAll(() => engine.close());

/** So many that both halves of a split get rows. */
const COPIES = 6;

const view = (index: number): string => `V${index}`;

/** A view of the values as key and as column, and of NULL in both. */
const givenView = async (index: number, type: string, texts: readonly string[]): Promise<void> => {
  const columns = [
    columnOfType('ID', 'INTEGER'),
    columnOfType('K', type),
    columnOfType('C', type),
    columnOfType('Y', 'INTEGER'),
  ];
  await engine.administration.execute(createColumnTable('SPACE', { name: `T${index}`, columns, primaryKey: [] }));
  const copies = Array.from({ length: COPIES }, () => [...texts, null]).flat();
  for (const [id, text] of copies.entries()) {
    const value = text === null ? 'NULL' : type.startsWith('VARBINARY') ? `HEXTOBIN('${text}')` : `'${text}'`;
    await engine.administration.execute(`INSERT INTO "SPACE"."T${index}" VALUES (${id}, ${value}, ${value}, 1)`);
  }
  await engine.administration.execute(`CREATE VIEW "SPACE"."${view(index)}" AS SELECT * FROM "SPACE"."T${index}"`);
  await engine.administration.execute(`GRANT SELECT ON "SPACE"."${view(index)}" TO "SPACE#USER"`);
};

/** Without the wire, the engine shows a floating decimal with all the digits that DuckDB has for it. */
const shown = (type: string, text: string | null): string => {
  if (text === null) return 'NULL';
  return /^(SMALL)?DECIMAL$/.test(type) ? `=${text.replace(/\.?0+$/, '')}` : `=${text}`;
};

const distinctFields = (csv: string, type: string, ...fields: number[]): string[] => {
  const rows = csvRecordsOf(csv, 'part').map((record) => fields.map((at) => shown(type, record.fields[at]!)).join('|'));
  return [...new Set(rows)].sort();
};

describe.each(EVERY_TYPE.map(([type, ...texts], index) => ({ type, texts, index })))(
  '$type',
  ({ type, texts, index }) => {
    const expected = [...texts.map((text) => `=${text}|=${text}`), 'NULL|NULL'].sort();
    let ports: { objectStore: ReturnType<typeof inMemoryObjectStore>; warehouse: ReturnType<typeof sqlWarehouse> };
    beforeAll(() => givenView(index, type, texts));

    const given = async (source: object) => {
      ports = { objectStore: inMemoryObjectStore(), warehouse: sqlWarehouse(engineConnections(engine)) };
      const settings = {
        source: { view: view(index), key: ['ID', 'K'], target: 'Y', header: false, ...source },
        prediction: {
          source: { view: view(index), key: ['ID', 'K'], columns: ['C'] },
          columns: [{ name: 'SCORE', type: 'DOUBLE' }],
          target: { table: `P${index}` },
        },
      };
      return givenRun(ports.objectStore, { settings });
    };

    it.each(['none', 'gzip'])('is the same in the training files, compression %s', async (compression) => {
      const { runUri } = await given({ columns: ['K', 'C', 'Y'], compression, split: { testFraction: 0.5 } });

      await stage('training', ports, runUri);

      let csv = '';
      for (const dataset of ['train', 'test'] as const) {
        const { parts } = await loadManifest(ports.objectStore, manifestUri(runUri, dataset));
        for (const { uri } of parts) {
          const chunks: Buffer[] = [];
          for await (const chunk of await ports.objectStore.getStream(uri)) chunks.push(Buffer.from(chunk));
          const bytes = Buffer.concat(chunks);
          csv += String(compression === 'gzip' ? gunzipSync(bytes) : bytes);
        }
      }
      expect(distinctFields(csv, type, 0, 1)).toEqual(expected);
    });

    it('is the same in the rows to score, and comes home as a key', async () => {
      const { runUri } = await given({});
      await stage('scoring', ports, runUri);
      const { parts, rowCount } = await loadManifest(ports.objectStore, manifestUri(runUri, 'score'));
      const staged = ports.objectStore.objects.get(parts[0]!.uri)!;
      expect(distinctFields(staged, type, 1, 2)).toEqual(expected);

      await ports.objectStore.put(`${predictionPartsUri(runUri)}part-00000.csv.out`, scored(staged));
      const input = { runUri, predictionsUri: predictionPartsUri(runUri), rowCount, model: 'job-1' };
      const { writeId, fence, bucket, planKey } = await planWrite(input, { ...ports, runs: noRunEnds });
      const plan = ports.objectStore.objects.get(`s3://${bucket}/${planKey}`)!;
      for (const line of plan.trimEnd().split('\n')) await writePart(PlannedPart.parse(JSON.parse(line)), ports);
      await publishPredictions({ runUri, writeId, fence, rowCount }, ports);

      const strangers = `SELECT COUNT(*) FROM "SPACE"."T${index}" AS S WHERE NOT EXISTS (SELECT 1 FROM "SPACE#USER"."P${index}" AS P WHERE P."ID" = S."ID" AND (P."K" = S."K" OR (P."K" IS NULL AND S."K" IS NULL)))`;
      const counted = await engine.administration.query(strangers);
      expect(counted.map((row: readonly unknown[]) => Number(row[0]))).toEqual([0]);
    });
  },
);

/** The key's two fields as they stand in the text, quotes included, and a score. */
const scored = (staged: string): string =>
  csvRecordsOf(staged, 'part')
    .map(({ fields }) => `${fields.slice(0, 2).map(csvOf).join(',')},0.5\n`)
    .join('');

const csvOf = (text: string | null): string => (text === null ? '' : `"${text.replaceAll('"', '""')}"`);
