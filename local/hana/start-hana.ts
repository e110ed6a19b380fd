import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface WarehouseSettings {
  /** Keeps the database file and the certificate. */
  readonly dataDir: string;
  /** Whose `datasphere/` folders fill the warehouse. */
  readonly pipelinesDir: string;
  /** The database user, such as `FLIGHTS#FEDML`. */
  readonly user: string;
  readonly password: string;
  /** Added to each reply, as a distant warehouse would. */
  readonly replyDelayMs?: number;
}

export interface LaptopWarehouse {
  readonly host: string;
  readonly port: number;
  /** PEM; the client trusts it in place of an authority. */
  readonly certificate: string;
  /** Rolls back what is open and ends the process. Safe to call twice. */
  close(): Promise<void>;
}

/** What the warehouse's process tells its parent. */
export type FromWarehouse =
  | { readonly kind: 'progress'; readonly text: string }
  | { readonly kind: 'ready'; readonly host: string; readonly port: number; readonly certificate: string }
  | { readonly kind: 'failed'; readonly message: string };

/** Starts the laptop's SAP Datasphere in a process of its own and waits until it takes connections. */
export const startHana = async (
  settings: WarehouseSettings,
  onProgress: (text: string) => void = () => {},
): Promise<LaptopWarehouse> => {
  const child = fork(join(import.meta.dirname, 'process.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const ready = new Promise<Extract<FromWarehouse, { kind: 'ready' }>>((resolve, reject) => {
    child.on('message', (message: FromWarehouse) => {
      if (message.kind === 'progress') onProgress(message.text);
      if (message.kind === 'ready') resolve(message);
      if (message.kind === 'failed') reject(new Error(`The laptop's warehouse can't start: ${message.message}`));
    });
    child.once('exit', (code, signal) => reject(new Error(`The laptop's warehouse ended early (${signal ?? code}).`)));
  });
  child.send(settings);
  const { host, port, certificate } = await ready;
  return {
    host,
    port,
    certificate,
    async close() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
};
