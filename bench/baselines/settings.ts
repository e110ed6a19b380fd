import type { WarehouseConfig } from '../stand-ins/open.ts';

/** What every contender of the staging is told. */
export interface StageSettings {
  readonly warehouse: WarehouseConfig;
  readonly view: string;
  readonly bucket: string;
  /** Where its objects go; no two runs share one. */
  readonly prefix: string;
}

/** How a plain Node program connects to the warehouse. */
export const clientProperties = (warehouse: WarehouseConfig): Record<string, string> => ({
  serverNode: `${warehouse.address}:${warehouse.port}`,
  uid: warehouse.user!,
  pwd: warehouse.password!,
  encrypt: 'true',
  sslTrustStore: warehouse.sslTrustStore!,
});
