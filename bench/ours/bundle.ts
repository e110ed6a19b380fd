import { join } from 'node:path';
import { build } from 'esbuild';

let bundle: Promise<string> | undefined;

/**
 * The functions' process in one file, as they are deployed: Lambda gets no TypeScript, and what strips its types
 * would count as memory of the product's.
 */
export const functionBundle = (): Promise<string> => {
  bundle ??= bundled();
  return bundle;
};

const bundled = async (): Promise<string> => {
  const outfile = join(import.meta.dirname, '../../.fedml/bench/function-process.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'function-process.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    external: ['@sap/hana-client'],
    logLevel: 'error',
  });
  return outfile;
};
