import { rm } from 'node:fs/promises';
import { DECISIONS_DIR } from './decisions-dir.ts';

/** Vitest's global setup of the end-to-end runs: their decisions are recorded anew. */
export default async (): Promise<void> => {
  await rm(DECISIONS_DIR, { recursive: true, force: true });
};
