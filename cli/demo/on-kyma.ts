import { join, relative } from 'node:path';
import type { CloudAddress } from '#local/cloud-file.ts';
import { csvField } from '#shared/dataset/csv.ts';
import { loadManifest } from '#shared/dataset/manifest.ts';
import { readCsv } from '#shared/dataset/read-csv.ts';
import { kymaModelServer } from '#shared/kyma/model-server.ts';
import { clusterOfSecret, modelClientOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { loadRunRecord, type RunRecord } from '#shared/pipeline/run-record.ts';
import { deploymentOf, deployRun } from '../deploy-run.ts';
import { printEnding } from '../ending.ts';
import { counted } from '../format.ts';
import { type RunRequest, runPipeline } from '../run-pipeline.ts';
import { pipelinesDir, stateDir, withOwnCloud } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { EXIT, type ExitCode } from '../usage.ts';
import { writeKymaVariant } from './kyma-variant.ts';
import { printRows } from './read-back.ts';

const PIPELINE = 'flights-kyma';

/**
 * A variant of a pipeline that serves on the laptop's cluster: a run from view to table, a question to its URL, and the same
 * model deployed once more.
 */
export const demoOnKyma = async ({ pipeline, overrides }: RunRequest, out: Terminal): Promise<ExitCode> => {
  const variants = join(stateDir(), 'demo-kyma');
  await writeKymaVariant(join(pipelinesDir(), pipeline), { folder: join(variants, PIPELINE), name: PIPELINE });
  const request = { pipeline: PIPELINE, ...(overrides && { overrides }) };
  return withOwnCloud(out, (cloud) => demonstrate(cloud, request, variants, out), { pipelinesDir: variants });
};

const demonstrate = async (
  cloud: CloudAddress,
  request: RunRequest,
  variants: string,
  out: Terminal,
): Promise<ExitCode> => {
  const execution = await runPipeline(cloud, request, out);
  const ending = await printEnding(execution, PIPELINE, out);
  if (ending !== EXIT.done) return ending;
  const record = await loadRunRecord(s3ObjectStore(), (execution.output as { runUri: string }).runUri);
  out.print();
  out.print('  A prediction: one flight, posted to the URL with a token of the issuer.');
  await printPrediction(record, out);
  await printRows(record, out);
  out.print('  The same model once more: nothing of it has changed, so nothing is pushed and no pod restarts.');
  const again = await deployRun(cloud, { pipeline: PIPELINE, runUri: record.runUri }, out);
  if (again !== EXIT.done) return again;
  out.print();
  out.print(
    `  Pushed to the registry: ${counted(record.deployment.image!.bytesPushed, 'byte')} by the first deployment, base image and ` +
      `model; ${counted(await bytesPushed(record), 'byte')} by the second.`,
  );
  out.print(
    `  Next, with FEDML_PIPELINES_DIR=${relative('', variants)}: npx fedml deployments, npx fedml undeploy ${PIPELINE} --plan.`,
  );
  return EXIT.done;
};

/** By the deployment of a run that was the last. */
const bytesPushed = async ({ runUri }: RunRecord): Promise<number> => (await deploymentOf(runUri)).image!.bytesPushed;

/** One row of those that were scored, as a caller would send it. */
const printPrediction = async ({ datasets, deployment, definition }: RunRecord, out: Terminal): Promise<void> => {
  const { parts } = await loadManifest(s3ObjectStore(), datasets.score!.manifestUri);
  const part = await s3ObjectStore().getStream(parts[0]!.uri);
  const { value: records } = await readCsv(part, parts[0]!.uri).next();
  part.destroy();
  const row = records![0]!.fields.slice(definition.prediction!.source.key.length).map(csvField).join(',');
  const models = kymaModelServer({
    openClient: modelClientOfSecret(kymaSettings),
    guard: () => kymaSettings().guard,
    openCluster: clusterOfSecret(kymaSettings),
  });
  const answer = await models.predict(deployment.kyma!.url, `${row}\n`);
  out.print(`  ${row}`);
  out.print(`  → ${definition.prediction!.columns.map(({ name }) => name).join(',')}: ${answer.trim()}`);
};
