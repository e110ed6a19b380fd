import { createReadStream } from 'node:fs';
import { cp, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiveError, unpackArchive } from '../archive.ts';
import type { SageMakerContext } from '../context.ts';
import { JobFailure, orClientError } from '../job-failure.ts';
import { fileOf, parseS3Uri } from '../objects.ts';
import type { Channel } from './request.ts';
import type { TrainingJob } from './training-job.ts';

/** The name of the only host, as SageMaker names it. */
export const HOST = 'algo-1';

/**
 * Fills `base`, which plays /opt/ml: the configuration, the channels, the checkpoints and the unpacked code.
 *
 * @throws JobFailure when data or code can't be had.
 */
export const prepareInputs = async (
  { roles, account }: SageMakerContext,
  job: TrainingJob,
  base: string,
  signal: AbortSignal,
): Promise<void> => {
  const { objects } = roles.of(job.RoleArn);
  await writeConfig(job, base);
  for (const channel of job.InputDataConfig ?? []) {
    await orClientError('Data download failed', () => copyChannel(channel));
  }
  if (job.CheckpointConfig) await restoreCheckpoints(job.CheckpointConfig.S3Uri);
  await unpackCode();

  async function copyChannel({ ChannelName, DataSource: { S3DataSource } }: Channel): Promise<void> {
    const folder = join(base, 'input', 'data', ChannelName);
    const objectCount = await copyPrefix(S3DataSource.S3Uri, folder);
    if (objectCount > 0) return;
    const { bucket } = parseS3Uri(S3DataSource.S3Uri);
    throw new JobFailure(
      `ClientError: Data download failed:No S3 objects found under S3 URL "${S3DataSource.S3Uri}" given in input data source. ` +
        `Please ensure that the bucket exists in the selected region (${account.region}), that objects exist under that S3 ` +
        `prefix, and that the role "${job.RoleArn}" has "s3:ListBucket" permissions on bucket "${bucket}".`,
    );
  }

  async function restoreCheckpoints(uri: string): Promise<void> {
    await orClientError('Checkpoint download failed', () =>
      copyPrefix(`${uri.replace(/\/+$/, '')}/`, checkpointFolder(job, base)),
    );
  }

  async function copyPrefix(uri: string, folder: string): Promise<number> {
    await mkdir(folder, { recursive: true });
    let objectCount = 0;
    for await (const object of objects.list(parseS3Uri(uri))) {
      signal.throwIfAborted();
      await objects.download(object, fileOf(folder, object.relativeKey));
      objectCount += 1;
    }
    return objectCount;
  }

  /** The container does this itself, so what goes wrong here is the algorithm's error. */
  async function unpackCode(): Promise<void> {
    const folder = join(base, 'code');
    const directory = decoded(job.HyperParameters.sagemaker_submit_directory ?? '');
    await mkdir(folder, { recursive: true });
    try {
      if (directory.startsWith('s3://')) await unpackArchive(await objects.open(parseS3Uri(directory)), folder);
      else await unpackLocal(directory, folder);
    } catch (error) {
      if (signal.aborted) throw error;
      const reason = error instanceof ArchiveError ? `${directory}: ${error.message}` : `${directory}: ${error}`;
      throw new JobFailure(`AlgorithmError: Framework Error: \n${reason}`, { cause: error });
    }
  }

  async function unpackLocal(directory: string, folder: string): Promise<void> {
    if (!directory.startsWith('/opt/ml/')) throw new Error('the code must be below s3:// or /opt/ml/');
    const source = fileOf(base, directory.slice('/opt/ml/'.length));
    if ((await stat(source)).isDirectory()) await cp(source, folder, { recursive: true });
    else await unpackArchive(createReadStream(source), folder);
  }
};

/** Where a job's checkpoints are on this machine; the script finds it in input/config/checkpointconfig.json. */
export const checkpointFolder = ({ CheckpointConfig }: TrainingJob, base: string): string =>
  fileOf(base, (CheckpointConfig?.LocalPath ?? '/opt/ml/checkpoints').slice('/opt/ml/'.length));

const writeConfig = async (job: TrainingJob, base: string): Promise<void> => {
  const folder = join(base, 'input', 'config');
  await mkdir(folder, { recursive: true });
  const write = (name: string, value: unknown) => writeFile(join(folder, `${name}.json`), JSON.stringify(value));
  await write('hyperparameters', job.HyperParameters);
  await write(
    'inputdataconfig',
    Object.fromEntries((job.InputDataConfig ?? []).map((channel) => channelConfig(job, channel))),
  );
  await write('resourceconfig', resourceConfig(job.ResourceConfig.InstanceType));
  if (job.CheckpointConfig) {
    await write('checkpointconfig', { S3Uri: job.CheckpointConfig.S3Uri, LocalPath: checkpointFolder(job, base) });
  }
};

const channelConfig = ({ AlgorithmSpecification }: TrainingJob, channel: Channel) => [
  channel.ChannelName,
  {
    TrainingInputMode: channel.InputMode ?? AlgorithmSpecification.TrainingInputMode,
    S3DistributionType: channel.DataSource.S3DataSource.S3DataDistributionType ?? 'FullyReplicated',
    RecordWrapperType: 'None',
    ...(channel.ContentType === undefined ? {} : { ContentType: channel.ContentType }),
  },
];

const resourceConfig = (instanceType: string) => ({
  current_host: HOST,
  current_instance_type: instanceType,
  current_group_name: 'homogeneousCluster',
  hosts: [HOST],
  instance_groups: [{ instance_group_name: 'homogeneousCluster', instance_type: instanceType, hosts: [HOST] }],
  network_interface_name: 'eth0',
});

/** Hyperparameters are JSON; a text that is none stands for itself. */
const decoded = (hyperparameter: string): string => {
  try {
    return String(JSON.parse(hyperparameter));
  } catch {
    return hyperparameter;
  }
};
