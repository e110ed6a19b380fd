import { cp } from 'node:fs/promises';
import type { PodFolder } from './pod-folder.ts';
import type { ContainerSpec } from './pod-spec.ts';

/**
 * Does what an init container's command does. The laptop starts no images, so it knows one command: `cp -R <from> <to>`.
 *
 * @throws Error for another command, and when the copy fails.
 */
export const runInitContainer = async (container: ContainerSpec, folder: PodFolder): Promise<void> => {
  const [program, option, from, to, ...rest] = [...(container.command ?? []), ...(container.args ?? [])];
  if (program !== 'cp' || option !== '-R' || !from || !to || rest.length > 0) {
    throw new Error(`the laptop's nodes run "cp -R <from> <to>" in init containers, not "${program ?? 'an image'}"`);
  }
  await cp(folder.pathOf(container, from), folder.pathOf(container, to), { recursive: true });
};
