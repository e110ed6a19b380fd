import { once } from 'node:events';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import type { WarehouseCredentials } from '#shared/warehouse/credentials.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { clientOf } from '#test/local/s3/open-s3.ts';
import { type Fate, mortalObjectStore, mortalWarehouse } from './mortal.ts';
import type { ScoredRun } from './scored-run.ts';
import { type Ports, type Step, stagingSteps, writeBackSteps } from './steps.ts';

/** What a process is told to do, and where it is killed: before the side effect of that name for the so manieth time. */
export interface Doom {
  readonly credentials: WarehouseCredentials;
  readonly s3Url: string;
  readonly work: { readonly write: ScoredRun } | { readonly stage: string };
  readonly killedBefore: KilledBefore;
}

export interface KilledBefore {
  readonly effect: string;
  readonly occurrence: number;
}

const [{ credentials, s3Url, work, killedBefore }] = (await once(process, 'message')) as [Doom];

let count = 0;
const fate: Fate = {
  async before(effect) {
    if (effect.startsWith(killedBefore.effect)) count += 1;
    if (count === killedBefore.occurrence) process.kill(process.pid, 'SIGKILL');
  },
};
const objectStore = s3ObjectStore(clientOf(s3Url));
const ports: Ports = {
  warehouse: mortalWarehouse(hanaWarehouse({ get: async () => credentials, refresh: async () => credentials }), fate),
  objectStore: mortalObjectStore(objectStore, fate),
};

const execute = async <V extends object>(steps: readonly Step<V>[]): Promise<void> => {
  let variables = {} as V;
  for (const step of steps) variables = await step(variables, ports);
};
if ('write' in work) await execute(writeBackSteps(work.write, { objectStore }));
else await execute(stagingSteps(work.stage, 'training', { objectStore }));
// Whoever comes here was not killed, which the parent takes for a mistake.
process.exit(1);
