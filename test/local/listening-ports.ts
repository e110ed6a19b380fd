import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { descendantsOf } from '#test/cli/fedml-process.ts';

/** Whether the system tells which process has which port, as Linux does below `/proc`. */
export const TELLS_PORTS = process.platform === 'linux';

/** The TCP ports that a process or what it has started listens on. */
export const listeningPorts = (pid: number): number[] => {
  const inodes = new Set([pid, ...descendantsOf(pid).map((each) => each.pid)].flatMap(socketsOf));
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === LISTENING && inodes.has(inode!))
      .map(([, local]) => Number.parseInt(local!.split(':')[1]!, 16)),
  );
};

const LISTENING = '0A';

const socketsOf = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
};
