// Runs a pipeline on a laptop's cloud of its own, with the functions as they would be deployed, each from its archive:
// `node scripts/run-packaged.ts flights`. Needs Linux, because the archives hold the warehouse's driver for Lambda.

import { mkdtemp, rm } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { printEnding } from '#cli/ending.ts';
import { runPipeline } from '#cli/run-pipeline.ts';
import { terminal } from '#cli/terminal.ts';
import { startCloud } from '#local/cloud.ts';
import { packageService } from './deployment/package-service.ts';

const rootDir = join(import.meta.dirname, '..');

const runPackaged = async (pipeline: string, folder: string): Promise<number> => {
  const out = terminal();
  const artifactsDir = join(folder, 'package');
  out.note('  packaging …');
  await packageService({
    rootDir,
    packageDir: artifactsDir,
    params: { architecture: arch() === 'arm64' ? 'arm64' : 'x86_64' },
  });
  const cloud = await startCloud({
    rootDir,
    stateDir: join(folder, 'state'),
    pipelinesDir: join(rootDir, 'pipelines'),
    artifactsDir,
    onProgress: (text) => out.note(`  ${text}`),
  });
  try {
    Object.assign(process.env, cloud.environment);
    return await printEnding(await runPipeline(cloud, { pipeline }, out), pipeline, out);
  } finally {
    await cloud.close();
  }
};

const [pipeline] = process.argv.slice(2);
if (pipeline === undefined) {
  console.error('Usage: node scripts/run-packaged.ts <pipeline>');
  process.exitCode = 2;
} else {
  const folder = await mkdtemp(join(tmpdir(), 'fedml-packaged-'));
  try {
    process.exitCode = await runPackaged(pipeline, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
