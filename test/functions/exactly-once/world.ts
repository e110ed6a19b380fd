import type { LaptopHanaEngine } from '#local/hana/sql/engine.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { SqlConnections } from '#shared/warehouse/sql-connection.ts';
import { sqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import type { Warehouse } from '#shared/warehouse/warehouse.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { inMemoryWarehouse } from '#test/shared/warehouse/in-memory.ts';
import type { Process } from './crash.ts';
import { connectionsOfProcess, engineConnections } from './engine-connections.ts';

/** Where runs read and write. What one process has committed or put, all others see. */
export interface World {
  readonly objectStore: ObjectStore;
  /** As somebody who looks from outside sees it. */
  readonly warehouse: Warehouse;
  startProcess(): Process;
}

/** Everything in memory, a transaction included: thousands of runs in a few seconds. */
export const inMemoryWorld = (): World => {
  const ports = { objectStore: inMemoryObjectStore(), warehouse: inMemoryWarehouse() };
  return { ...ports, startProcess: () => ({ ...ports, drop: async () => undefined }) };
};

/** HANA's SQL, transactions and locks. `seam` may change what goes over a connection. */
export const sqlWorld = (
  engine: LaptopHanaEngine,
  seam: (connections: SqlConnections) => SqlConnections = (connections) => connections,
): World => {
  const objectStore = inMemoryObjectStore();
  return {
    objectStore,
    warehouse: sqlWarehouse(engineConnections(engine)),
    startProcess() {
      const connections = connectionsOfProcess(engineConnections(engine));
      return { objectStore, warehouse: sqlWarehouse(seam(connections)), drop: connections.drop };
    },
  };
};
