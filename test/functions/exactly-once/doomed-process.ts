import { s3ObjectStore } from '#shared/object-store/s3.ts';
import type { WarehouseCredentials } from '#shared/warehouse/credentials.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { clientOf } from '#test/local/s3/open-s3.ts';
import { type Fate, mortalObjectStore, mortalWarehouse } from './mortal.ts';
import type { ScoredRun } from './scored-run.ts';
import { type Ports, type WriteVariables, writeBackSteps } from './steps.ts';

/** What a process is to do, and where it is killed: before the side effect of that name for the so manieth time. */
export interface Doom {
  readonly credentials: WarehouseCredentials;
  readonly s3Url: string;
  readonly run: ScoredRun;
  readonly killedBefore?: { readonly effect: string; readonly occurrence: number };
}

const { credentials, s3Url, run, killedBefore } = JSON.parse(process.argv[2]!) as Doom;

const seen: string[] = [];
const fate: Fate = {
  async before(effect) {
    if (!killedBefore || !effect.startsWith(killedBefore.effect)) return;
    seen.push(effect);
    if (seen.length === killedBefore.occurrence) process.kill(process.pid, 'SIGKILL');
  },
};
const s3 = clientOf(s3Url);
const objectStore = s3ObjectStore(s3);
const ports: Ports = {
  warehouse: mortalWarehouse(hanaWarehouse({ get: async () => credentials, refresh: async () => credentials }), fate),
  objectStore: mortalObjectStore(objectStore, fate),
};
let variables: WriteVariables = {};
for (const step of writeBackSteps(run, { objectStore })) variables = await step(variables, ports);
process.send?.(variables);
s3.destroy();
process.disconnect?.();
