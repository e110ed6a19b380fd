import { type CloudAddress, claimStateDir } from '#local/cloud-file.ts';
import type { Scheduler } from '#local/scheduler/scheduler.ts';
import { deployProject } from './cloud/deploy-project.ts';
import type { CloudOptions } from './cloud/options.ts';
import { startServices } from './cloud/services.ts';
import { startTriggers } from './cloud/triggers.ts';

export interface Cloud extends CloudAddress {
  /** The runs that are due next, when schedules are kept. */
  readonly upcoming: Scheduler['upcoming'];
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
    const deployed = await deployProject(services, options);
    const { api, upcoming } = await startTriggers(services, options, open);
    const address = {
      ...deployed,
      isKept: options.isKept ?? false,
      api,
      services: { 'HTTP API': api.url, ...deployed.services },
    };
    options.signal?.throwIfAborted();
    await claim.publish(address);
    return { ...address, pid: process.pid, upcoming, close };
  } catch (error) {
    // Whatever also fails to close now is a consequence; and what was interrupted fails in its own way.
    await close().catch(() => {});
    throw options.signal?.aborted ? options.signal.reason : error;
  }
};
