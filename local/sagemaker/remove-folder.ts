import { rm } from 'node:fs/promises';

/**
 * Removes a folder of a job or a server. What users' code made unremovable, or is still writing, stays: it is tried
 * again at the next start, and a job's end must not depend on it.
 */
export const removeFolder = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
};
