import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PulledImage } from './image-puller.ts';
import type { ContainerSpec, PodSpec } from './pod-spec.ts';

/** A pod's files: its image's, and a folder for each volume. */
export interface PodFolder {
  /** Where a path of a container lies on this machine. */
  pathOf(container: ContainerSpec, path: string): string;
}

/** Makes the folder of a pod; only files under /opt and in volumes exist for it. */
export const makePodFolder = async (dir: string, image: PulledImage, { volumes = [] }: PodSpec): Promise<PodFolder> => {
  await mkdir(dir, { recursive: true });
  await cp(image.rootDir, join(dir, 'root'), { recursive: true, mode: COPY_ON_WRITE });
  await mkdir(join(dir, 'root/opt/ml/model'), { recursive: true });
  for (const { name } of volumes) await mkdir(join(dir, 'volumes', name), { recursive: true });
  return {
    pathOf({ volumeMounts = [] }, path) {
      const mount = [...volumeMounts]
        .sort((a, b) => b.mountPath.length - a.mountPath.length)
        .find(({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`));
      return mount ? join(dir, 'volumes', mount.name, path.slice(mount.mountPath.length)) : join(dir, 'root', path);
    },
  };
};

/** Copies share their bytes where the file system can do that: fs.constants.COPYFILE_FICLONE. */
const COPY_ON_WRITE = 2;
