import { type CloudAddress, claimStateDir } from '#local/cloud-file.ts';
import type { Chaos } from '#local/eventbridge/chaos.ts';
import { deployProject } from './cloud/deploy-project.ts';
import { startServices } from './cloud/services.ts';

export interface CloudOptions {
  /** The project: `functions/` and `statemachines/` are deployed from here. */
  readonly rootDir: string;
  /** Where everything is kept; one cloud at a time. */
  readonly stateDir: string;
  readonly pipelinesDir: string;
  /** Says to other processes that the cloud stays until it is told to end; false unless given. */
  readonly isKept?: boolean;
  /** Hears in a few words what takes time. */
  readonly onProgress?: (text: string) => void;
  /** Disturbs the delivery of events, to test what hears them. */
  readonly chaos?: Chaos;
  /** Gives the start up: what was started is closed, and the start rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface Cloud extends CloudAddress {
  /** Ends every stand-in and every process they started. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts AWS, SageMaker and SAP Datasphere as far as this project uses them, on 127.0.0.1, and deploys the project to them.
 * The system chooses the ports; `<stateDir>/cloud.json` has them while the cloud is up.
 *
 * @throws CloudInUseError when another process keeps a cloud on the same folder.
 * @throws PythonNotFoundError when there is no Python to train with.
 */
export const startCloud = async (options: CloudOptions): Promise<Cloud> => {
  const claim = await claimStateDir(options.stateDir);
  const open = new AsyncDisposableStack();
  open.defer(() => claim.release());
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= open.disposeAsync());
  try {
    const services = await startServices(options, open);
    const address = { isKept: options.isKept ?? false, ...(await deployProject(services, options)) };
    options.signal?.throwIfAborted();
    await claim.publish(address);
    return { ...address, pid: process.pid, close };
  } catch (error) {
    // Whatever also fails to close now is a consequence; and what was interrupted fails in its own way.
    await close().catch(() => {});
    throw options.signal?.aborted ? options.signal.reason : error;
  }
};
