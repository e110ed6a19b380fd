import { type ModelServer, startModelServer } from '#local/sagemaker/serving/model-server.ts';
import type { PulledImage } from './image-puller.ts';
import type { PodFolder } from './pod-folder.ts';
import type { ContainerSpec } from './pod-spec.ts';

export interface ModelProcessOptions {
  readonly python: string;
  readonly container: ContainerSpec;
  readonly image: PulledImage;
  readonly folder: PodFolder;
  readonly onLines: (lines: string[]) => void;
}

/** The exit status of gunicorn, which SageMaker's `serve` starts, when its workers don't come up. */
export const WORKER_FAILED_TO_BOOT = 3;

/**
 * Starts the server of the image in a process of its own. What runs is the laptop's model server with the image's files and
 * environment, for an image whose command is `serve`; a real node would run the image's own.
 *
 * @throws Error when the image has another command.
 */
export const startModelProcess = async (options: ModelProcessOptions): Promise<ModelServer> => {
  const { python, container, image, folder, onLines } = options;
  const command = container.command ?? image.config.Entrypoint ?? [];
  const line = [...command, ...(container.args ?? (container.command ? [] : (image.config.Cmd ?? [])))];
  if (line.join(' ') !== 'serve') {
    throw new Error(
      `exec: "${line[0] ?? ''}": executable file not found in $PATH (the laptop's nodes run images whose command is "serve")`,
    );
  }
  const env = { ...imageEnvironment(image), ...containerEnvironment(container) };
  const codeDir = env.SAGEMAKER_SUBMIT_DIRECTORY ?? '/opt/ml/code';
  return startModelServer({
    python,
    base: folder.pathOf(container, '/opt/ml'),
    env: { ...withoutPaths(env), SAGEMAKER_SUBMIT_DIRECTORY: folder.pathOf(container, codeDir) },
    onLines,
  });
};

const imageEnvironment = ({ config }: PulledImage): Record<string, string> =>
  Object.fromEntries(
    (config.Env ?? []).map((variable) => {
      const index = variable.indexOf('=');
      return [variable.slice(0, index), variable.slice(index + 1)];
    }),
  );

const containerEnvironment = ({ env = [] }: ContainerSpec): Record<string, string> =>
  Object.fromEntries(env.map(({ name, value = '' }) => [name, value]));

/** Paths of the image's system mean nothing on this machine. */
const withoutPaths = ({
  PATH: _,
  PYTHONPATH: __,
  HOME: ___,
  ...rest
}: Record<string, string>): Record<string, string> => ({
  ...rest,
  PYTHONDONTWRITEBYTECODE: '1',
});
