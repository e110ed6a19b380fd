import { readFileSync } from 'node:fs';

/** What one process says of the work that it was started for, as the last line of its output. */
export interface Measurement {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The most memory the process had before the work began, and ever. With several processes: all of them together. */
  readonly idleBytes: number;
  readonly peakBytes: number;
  readonly rowCount: number;
  /** The largest of several processes. */
  readonly largestPeakBytes?: number;
}

/** The command line's JSON: what a contender is to do. */
export const settingsOf = <T>(): T => JSON.parse(process.argv[2]!);

/** Does the work and tells about it; modules are loaded by then, as they are in a notebook that is open. */
export const measured = async (work: () => Promise<number>): Promise<void> => {
  const idleBytes = peakBytes();
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const rowCount = await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  tell({ seconds, cpuSeconds: (user + system) / 1e6, idleBytes, peakBytes: peakBytes(), rowCount });
};

export const tell = (measurement: Measurement): void => console.log(JSON.stringify(measurement));

/** Of this program alone: `maxRSS` of a process begins, on Linux, with the memory of the process that started it. */
export const peakBytes = (): number =>
  process.platform === 'linux'
    ? Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024
    : process.resourceUsage().maxRSS * 1024;
