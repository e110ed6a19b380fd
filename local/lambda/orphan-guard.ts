import { spawn } from 'node:child_process';

/** Ends process groups whose parent may die before it can end them itself. */
export interface OrphanGuard {
  watch(processGroupId: number): void;
  forget(processGroupId: number): void;
  /** Kills what is still watched. */
  close(): Promise<void>;
}

/**
 * A shell that remembers process groups and kills them once its standard input ends, which the system does for it
 * when this process is gone, by SIGKILL as well. An IPC channel alone isn't enough: a child in an endless loop or a
 * native call never hears that its parent has left.
 */
export const startOrphanGuard = (): OrphanGuard => {
  // A session of its own, so that Ctrl-C in the terminal does not end the guard before its wards.
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {} });
  const exited = new Promise<void>((resolve) => shell.once('exit', () => resolve()));
  shell.stdin.on('error', () => {});
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  return {
    watch: (processGroupId) => void shell.stdin.write(`+ ${processGroupId}\n`),
    forget: (processGroupId) => void shell.stdin.write(`- ${processGroupId}\n`),
    close() {
      shell.ref();
      shell.stdin.end();
      return exited;
    },
  };
};

const SCRIPT = `
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -9 "-$group"; done
`;
