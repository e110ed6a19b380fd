import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { fedmlPython } from './baselines/fedml/venv.ts';
import type { Bench } from './contenders.ts';
import { report } from './report/report.ts';
import type { Results } from './report/results.ts';
import { slopeSvg } from './report/slope-svg.ts';
import { benchSlope } from './slope.ts';
import { benchStaging } from './staging.ts';
import { openStandIns, type StandIns } from './stand-ins/open.ts';
import { benchWriteBack } from './write-back.ts';

/**
 * The product against SAP's FedML and others, on the laptop's warehouse and S3: `npm run bench`, or `npm run bench -- --quick`
 * for an impression within three minutes. The full run writes its numbers into `bench/README.md`, the quick one into
 * `.fedml/bench`.
 */
const MODES = {
  quick: {
    staging: { rowCount: 100_000, rounds: { 0: 1, 10: 2 } },
    writeBack: { rowCount: 20_000, fedmlRowCount: 100, rounds: { 10: 2 } },
    slope: [30_000, 100_000, 300_000],
  },
  full: {
    staging: { rowCount: 1_000_000, rounds: { 0: 3, 1: 1, 10: 4, 30: 1 } },
    writeBack: { rowCount: 100_000, fedmlRowCount: 500, rounds: { 0: 3, 1: 1, 10: 3, 30: 1 } },
    slope: [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000],
  },
};

const rootDir = join(import.meta.dirname, '..');

const bench = async (mode: 'quick' | 'full'): Promise<void> => {
  const { staging, writeBack, slope } = MODES[mode];
  const python = await fedmlPython(rootDir);
  const delaysMs = [...new Set([0, ...[...Object.keys(staging.rounds), ...Object.keys(writeBack.rounds)].map(Number)])];
  const standIns = await openStandIns({ rowCounts: slope, repeatedRowCount: staging.rowCount, delaysMs });
  try {
    await checkHdbcli(standIns, python);
    const context: Bench = { standIns, objectStore: s3ObjectStore(standIns.s3), python };
    const results: Results = {
      mode,
      staging: await benchStaging(context, staging),
      writeBack: await benchWriteBack(context, writeBack),
      slope: await benchSlope(context, slope),
    };
    const text = report(results);
    console.log(`\n${text}`);
    await (mode === 'full' ? keep(text, results) : keepQuick(text, results));
  } finally {
    await standIns.close();
  }
};

/** What is measured is worth nothing if the warehouse isn't one to FedML's client. */
const checkHdbcli = async (standIns: StandIns, python: string): Promise<void> => {
  const script = join(import.meta.dirname, 'baselines/fedml/check_hdbcli.py');
  await promisify(execFile)(python, [script, JSON.stringify({ warehouse: standIns.configAt(0) })]);
};

const BEGIN = '<!-- numbers: written by `npm run bench` -->';
const END = '<!-- end of numbers -->';

/** Between the marks of `bench/README.md`; what is around them stays. */
const keep = async (text: string, { slope }: Results): Promise<void> => {
  const file = join(import.meta.dirname, 'README.md');
  const readme = await readFile(file, 'utf8');
  const [before, after] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${file} has lost the marks that the numbers go between.`);
  const plot = '![Seconds and peak memory over rows](staging-slope.svg)';
  await writeFile(file, `${readme.slice(0, before)}${BEGIN}\n\n${text}\n\n${plot}\n\n${readme.slice(after)}`);
  await writeFile(join(import.meta.dirname, 'staging-slope.svg'), slopeSvg(slope));
  console.log(`\nWritten to ${file}`);
};

const keepQuick = async (text: string, { slope }: Results): Promise<void> => {
  const folder = join(rootDir, '.fedml/bench');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'quick.md'), `${text}\n`);
  await writeFile(join(folder, 'quick-slope.svg'), slopeSvg(slope));
  console.log(`\nWritten to ${folder}; the numbers of bench/README.md are those of the full run.`);
};

const unknown = process.argv.slice(2).filter((argument) => argument !== '--quick');
if (unknown.length > 0) {
  console.error(`Unknown argument ${unknown.join(' ')}. Usage: npm run bench [-- --quick]`);
  process.exitCode = 2;
} else {
  await bench(process.argv.includes('--quick') ? 'quick' : 'full');
}
