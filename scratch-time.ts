import { readCloudAddress } from '#local/cloud-file.ts';
const cloud = (await readCloudAddress('/tmp/mr-state'))!;
Object.assign(process.env, cloud.environment);
const { config } = await import('#shared/config.ts');
const { hanaWarehouse } = await import('#shared/warehouse/hana.ts');
const { secretsManagerCredentials } = await import('#shared/warehouse/secrets-manager.ts');
const w = hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn));
const view = { schema: 'FLIGHTS', name: 'V_FLIGHTS_TRAINING' };
const t = async (n: string, f: () => Promise<unknown>) => { const a = performance.now(); await f(); console.log(n, Math.round(performance.now() - a)); };
await w.read({ runId: 'x' }, async (s) => {
  for (let i = 0; i < 2; i++) {
    let cols: any;
    await t('columns', async () => { cols = await s.columnsOf(view); });
    await t('count', () => s.measure(view, {}));
    await t('measure', () => s.measure(view, { spreadOf: ['FLIGHT_ID'], lengthsOf: ['ORIGIN', 'DESTINATION'] }));
    await t('measure no lengths', () => s.measure(view, { spreadOf: ['FLIGHT_ID'] }));
    await t('fingerprint', () => s.fingerprints(view, cols, [{}]));
  }
});
