import { warehouseContract } from './contract.ts';
import { inMemoryWarehouse } from './in-memory.ts';

warehouseContract('in memory', async () => {
  const warehouse = inMemoryWarehouse();
  return {
    warehouse,
    givenView: async (name, columns, rows) => {
      warehouse.views.set(name, { columns, rows });
    },
    close: async () => undefined,
  };
});
