import { createInterface } from 'node:readline/promises';
import { ECRClient } from '@aws-sdk/client-ecr';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config } from '#shared/config.ts';
import { clusterOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { parseObjectUri } from '#shared/object-store/object-store.ts';
import { awsProblemOf } from '../aws/aws-error.ts';
import { ROOT_DIR } from '../session.ts';
import { readStage, type Stage, useStage } from '../stage.ts';
import { clusterThings } from '../teardown/cluster.ts';
import { sageMakerThings } from '../teardown/sagemaker.ts';
import { bucketThings, imageThings, secretThings } from '../teardown/storage.ts';
import type { Thing } from '../teardown/thing.ts';
import type { Terminal } from '../terminal.ts';
import { EXIT, type ExitCode, UsageError } from '../usage.ts';
import type { Command } from './command.ts';

export const teardown: Command = {
  usage: 'teardown --stage <stage> [--region <region>] [--plan | --confirm <stage>]',
  summary:
    'Deletes what the runs of a stage in AWS have made, and what its stack leaves; --plan only says what that would be.',
  details: [
    '  Endpoints, models and model packages by their tag, models on the Kyma cluster, images, the secret, and the bucket with',
    '  all records, models and versions. Without --confirm it asks for the name of the stage. Then the stack is removed by',
    '  `npx serverless remove --stage <stage>`. Tables in the warehouse stay. Exit code 1: something could not be deleted; the',
    '  command may be repeated.',
  ],
  options: {
    stage: { type: 'string' },
    region: { type: 'string' },
    plan: { type: 'boolean' },
    confirm: { type: 'string' },
  },
  positionals: [0, 0],
  async run({ options: { stage, region, plan, confirm }, out }) {
    const mistakes = [
      ...(stage === undefined ? ['--stage is missing.'] : []),
      ...(plan && confirm !== undefined ? ['--plan deletes nothing, so that there is nothing to --confirm.'] : []),
      ...(stage !== undefined && confirm !== undefined && confirm !== stage
        ? [`--confirm names ${confirm}, and --stage ${stage}.`]
        : []),
    ];
    if (mistakes.length > 0) throw new UsageError(`${mistakes.join('\n')}\nUsage: fedml ${this.usage}`);
    try {
      const deployed = await readStage(String(stage), { rootDir: ROOT_DIR, region: region as string | undefined });
      useStage(deployed);
      const things = await thingsOf(deployed);
      if (plan) return printPlan(things, deployed, out);
      if (confirm === undefined) await askFor(String(stage), things);
      return await removeAll(things, deployed, out);
    } catch (error) {
      const aws = awsProblemOf(error);
      if (!aws) throw error;
      out.note(`The stage ${stage} can't be looked at: ${aws.detail}.\n${aws.remedy}`);
      return EXIT.runFailed;
    }
  },
};

/** In the order of deletion: what costs by the hour first, what everything is known by last. */
const thingsOf = async ({ accountId }: Stage): Promise<Thing[]> => {
  const { storeUri, stage, modelRepository, warehouseSecretArn } = config();
  const { bucket } = parseObjectUri(`${storeUri}/`);
  return [
    ...(await sageMakerThings(new SageMakerClient({}), bucket)),
    ...(kymaSettings().hasCluster ? await clusterThings(await clusterOfSecret(kymaSettings)(), stage) : []),
    ...(await imageThings(new ECRClient({}), modelRepository)),
    ...(await bucketThings(new S3Client({}), bucket, accountId)),
    ...(await secretThings(new SecretsManagerClient({}), warehouseSecretArn)),
  ];
};

const printPlan = (things: readonly Thing[], { stage, name }: Stage, out: Terminal): ExitCode => {
  for (const thing of things) out.print(`  would delete ${thing.name}`);
  out.print(`  and then the stack ${name}: npx serverless remove --stage ${stage}`);
  return EXIT.done;
};

/** @throws UsageError when nobody is there to answer, or the answer is another name. */
const askFor = async (stage: string, things: readonly Thing[]): Promise<void> => {
  if (!process.stdin.isTTY) {
    throw new UsageError(
      `Nothing was deleted. Look at it by --plan, and say --confirm ${stage} where nobody can be asked.`,
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (const { name } of things) process.stderr.write(`  ${name}\n`);
    const answer = await lines.question(`All of this is deleted for good. The name of the stage, to go on: `);
    if (answer.trim() !== stage) throw new UsageError(`Nothing was deleted: that is not ${stage}.`);
  } finally {
    lines.close();
  }
};

/** What can't be deleted doesn't keep the rest: the bucket stays then, since everything is known by it. */
const removeAll = async (things: readonly Thing[], { stage }: Stage, out: Terminal): Promise<ExitCode> => {
  let failedCount = 0;
  for (const { name, remove } of things) {
    if (failedCount > 0 && name.startsWith('bucket ')) {
      out.print(`  kept ${name}: it is what the rest is known by`);
      continue;
    }
    try {
      await remove();
      out.print(`  deleted ${name}`);
    } catch (error) {
      failedCount += 1;
      const aws = awsProblemOf(error);
      out.print(`  ${out.style('red', '✗')} ${name}: ${aws?.detail ?? (error as Error).message}`);
      if (aws?.remedy) out.print(`      ${aws.remedy}`);
    }
  }
  if (things.length === 0) out.print('  Nothing is left of its runs.');
  out.print(
    failedCount > 0
      ? '  Run the command again for the rest.'
      : `  Now the stack: npx serverless remove --stage ${stage}`,
  );
  return failedCount > 0 ? EXIT.runFailed : EXIT.done;
};
