import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mayNotPull } from '../access/image-pull.ts';
import { unpackArchive } from '../archive.ts';
import type { SageMakerContext } from '../context.ts';
import { JobFailure } from '../job-failure.ts';
import { fileOf, parseS3Uri } from '../objects.ts';
import { removeFolder } from '../remove-folder.ts';
import type { ModelContainer } from './container.ts';

/** The name that SageMaker gives the only container of a model, in the errors about its files. */
const CONTAINER_NAME = 'container_1';

/**
 * Unpacks a container's model and code under a fresh `base`, which plays /opt/ml, and returns the folder of the code.
 *
 * @throws JobFailure when the image, the model or the code can't be had or isn't a safe archive.
 */
export const unpackModel = async (
  { roles }: SageMakerContext,
  container: ModelContainer,
  base: string,
): Promise<string> => {
  const role = roles.of(container.RoleArn);
  if (!role.mayPull(container.Image)) throw new JobFailure(mayNotPull(container.RoleArn, container.Image));
  await removeFolder(base);
  await mkdir(join(base, 'model'), { recursive: true });
  await mkdir(join(base, 'code'), { recursive: true });
  if (container.ModelDataUrl) await unpack(container.ModelDataUrl, join(base, 'model'));
  const directory = container.Environment?.SAGEMAKER_SUBMIT_DIRECTORY ?? '/opt/ml/code';
  if (directory.startsWith('/opt/ml/')) return fileOf(base, directory.slice('/opt/ml/'.length));
  if (!directory.startsWith('s3://')) {
    throw new JobFailure(`SAGEMAKER_SUBMIT_DIRECTORY must be below s3:// or /opt/ml/, not ${directory}.`);
  }
  await unpack(directory, join(base, 'code'));
  return join(base, 'code');

  async function unpack(uri: string, folder: string): Promise<void> {
    const archive = await role.objects.open(parseS3Uri(uri)).catch((error: Error) => {
      throw new JobFailure(
        `Failed to download model data for container "${CONTAINER_NAME}" from URL: "${uri}". Please ensure that there is an ` +
          `object located at the URL and that the role passed to CreateModel has permissions to download the object. (${error.message})`,
      );
    });
    await unpackArchive(archive, folder).catch((error: Error) => {
      throw new JobFailure(
        `Failed to extract model data archive for container "${CONTAINER_NAME}" from URL "${uri}". Please ensure that the ` +
          `object located at the URL is a valid tar.gz archive. (${error.message})`,
      );
    });
  }
};
