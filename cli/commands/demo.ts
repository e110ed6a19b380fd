import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { loadRunRecord } from '#shared/pipeline/run-record.ts';
import { printRows } from '../demo/read-back.ts';
import { printEnding } from '../ending.ts';
import { type RunRequest, runPipeline } from '../run-pipeline.ts';
import { withLastingCloud } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { EXIT, type ExitCode, UsageError } from '../usage.ts';
import type { Command } from './command.ts';

const PIPELINE = 'flights';

export const demo: Command = {
  usage: 'demo [--target sagemaker|kyma] [--fresh]',
  summary:
    'The whole pipeline of the flights example on this laptop: warehouse, S3, training, endpoint, predictions, warehouse.',
  details: [
    '  --target sagemaker   the model serves on an endpoint of SageMaker (default)',
    '  --target kyma        the model becomes an image and serves on a Kyma cluster, whose URL predicts',
    '  --fresh              reuse nothing of an earlier demo: read, train and predict anew',
  ],
  options: { target: { type: 'string' }, fresh: { type: 'boolean' } },
  positionals: [0, 0],
  async run({ options, out }) {
    const { target = 'sagemaker' } = options;
    const demonstrate = Object.hasOwn(DEMOS, target as string) ? DEMOS[target as string] : undefined;
    if (!demonstrate) throw new UsageError(`--target takes ${Object.keys(DEMOS).join(' or ')}, and got: ${target}`);
    out.print(
      out.style('bold', 'FedML Serverless') +
        ': which flights will be late? From a view in the warehouse to predictions in a table of it.',
    );
    out.print("  No AWS account and no SAP tenant: the laptop's cloud speaks their protocols on 127.0.0.1.");
    out.print();
    return demonstrate(out, options.fresh ? { overrides: { reuse: false } } : {});
  },
};

type Demo = (out: Terminal, request: Pick<RunRequest, 'overrides'>) => Promise<ExitCode>;

const demoOnSageMaker: Demo = (out, request) =>
  withLastingCloud(out, async (cloud) => {
    const execution = await runPipeline(cloud, { pipeline: PIPELINE, ...request }, out);
    const exitCode = await printEnding(execution, PIPELINE, out);
    if (exitCode !== EXIT.done) return exitCode;
    await printRows(await loadRunRecord(s3ObjectStore(), (execution.output as { runUri: string }).runUri), out);
    out.print(
      '  Next: npx fedml show, npx fedml query "SELECT …", npx fedml up, and pipelines/flights for what was run.',
    );
    return exitCode;
  });

const DEMOS: Readonly<Partial<Record<string, Demo>>> = {
  sagemaker: demoOnSageMaker,
  // Not loaded by the other one: the cluster's client takes long.
  kyma: async (out, request) =>
    (await import('../demo/on-kyma.ts')).demoOnKyma({ pipeline: PIPELINE, ...request }, out),
};
