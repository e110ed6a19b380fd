import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { fromArtifacts } from '#local/deployment/artifacts.ts';
import { functionsByKey, localDeployment } from '#test/deployment/local-deployment.ts';
import { packageService } from '../scripts/deployment/package-service.ts';

/**
 * Measures each function's cold start as far as it is ours, from the process's start to the loaded handler, from its
 * sources and from its archive: `node bench/cold-start.ts`. Lambda adds the fetching of the archive, and gives 512 MB a
 * third of a processor.
 */
const ROUNDS = 7;

const bench = async (): Promise<void> => {
  const rootDir = join(import.meta.dirname, '..');
  const folder = await mkdtemp(join(tmpdir(), 'bench-cold-start-'));
  try {
    const packageDir = join(folder, 'package');
    await packageService({
      rootDir,
      packageDir,
      params: { architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64' },
    });
    const sources = functionsByKey(await localDeployment());
    const archives = await fromArtifacts(sources, {
      rootDir,
      artifactsDir: packageDir,
      prefix: '',
      folder: join(folder, 'functions'),
    });
    console.log(`${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.version}; medians of ${ROUNDS}`);
    console.log('function              bundle KB  archive KB   ms from archive (CPU)   ms from sources (CPU)');
    for (const [key, { handlerFile }] of Object.entries(archives)) {
      const sizes = [handlerFile, join(packageDir, `${key}.zip`)].map(async (file) => (await stat(file)).size / 1024);
      const [bundle, archive] = await Promise.all(sizes);
      const packed = await coldStart(handlerFile);
      const source = await coldStart(sources[key]!.handlerFile);
      console.log(
        `${key.padEnd(20)} ${column(bundle!, 10)} ${column(archive!, 11)} ${column(packed.wall, 17)} ${bracketed(packed.cpu)} ${column(source.wall, 15)} ${bracketed(source.cpu)}`,
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const coldStart = async (handlerFile: string): Promise<{ wall: number; cpu: number }> => {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await start(handlerFile));
  return { wall: median(rounds.map(({ wall }) => wall)), cpu: median(rounds.map(({ cpu }) => cpu)) };
};

/** `performance.now()` counts from the process's start. */
const PROGRAM = `
  const module = await import(process.env.HANDLER);
  if (typeof (module.handler ?? module.default?.handler) !== 'function') throw new Error('no handler');
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ wall: performance.now(), cpu: (user + system) / 1000 }));
  process.exit();`;

const start = async (handlerFile: string): Promise<{ wall: number; cpu: number }> => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    env: { PATH: process.env.PATH, AWS_REGION: 'eu-central-1', HANDLER: pathToFileURL(handlerFile).href },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const column = (value: number, width: number): string => value.toFixed(0).padStart(width);
const bracketed = (value: number): string => `(${value.toFixed(0)})`.padStart(7);

await bench();
