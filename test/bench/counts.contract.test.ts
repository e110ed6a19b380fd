import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractPartition } from '#functions/staging/extract-partition/extract-partition.ts';
import { planPartitions } from '#functions/staging/plan-partitions/plan-partitions.ts';
import { sealDataset } from '#functions/staging/seal-dataset/seal-dataset.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { parseWarehouseSecret } from '#shared/warehouse/credentials.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { machineIamAsPerson, openStepFunctions, typesOf } from '#test/local/step-functions/open-step-functions.ts';
import { machines } from '#test/statemachines/definitions.ts';
import { substitute } from '#test/statemachines/substitute.ts';
import { recordRun, stageOurs } from '../../bench/ours/stage.ts';
import { writeOurs } from '../../bench/ours/write.ts';
import { checkSameRows } from '../../bench/same-rows.ts';
import { openStandIns, type StandIns } from '../../bench/stand-ins/open.ts';
import type { Counters } from '../../bench/stand-ins/warehouse.ts';

/** What a run costs in calls, which is the same on every machine. The bounds leave some room for a statement more. */
describe('the cost of a run', () => {
  const SMALL = 20_000;
  const LARGE = 120_000;
  let standIns: StandIns;
  beforeAll(async () => {
    standIns = await openStandIns({ rowCounts: [SMALL, LARGE], delaysMs: [0] });
  });
  afterAll(() => standIns.close());

  /** What the warehouse answered meanwhile. */
  const counting = async (work: () => Promise<unknown>): Promise<Counters> => {
    const before = await standIns.countersAt(0);
    await work();
    const after = await standIns.countersAt(0);
    return {
      connections: after.connections - before.connections,
      roundTrips: after.roundTrips - before.roundTrips,
      statements: after.statements - before.statements,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    };
  };

  let runCount = 0;

  /** Runs the state machine `staging` for the rows to score, on Step Functions. */
  const stage = async (rowCount: number, s3: S3Client) => {
    runCount += 1;
    await using stepFunctions = await openStepFunctions({
      iam: machineIamAsPerson(),
      s3: standIns.environment.AWS_ENDPOINT_URL_S3!,
    });
    const credentials = parseWarehouseSecret(JSON.stringify(standIns.configAt(0)));
    const ports = {
      objectStore: s3ObjectStore(s3),
      warehouse: hanaWarehouse({ get: async () => credentials, refresh: async () => credentials }),
    };
    const { runUri } = await recordRun(s3ObjectStore(standIns.s3), `count-${runCount}`, { view: `V_${rowCount}` });
    Object.assign(stepFunctions.lambda.functions, {
      planPartitions: (event: never) => planPartitions(event, ports),
      extractPartition: (event: never) => extractPartition(event, ports),
      sealDataset: (event: never) => sealDataset(event, ports),
    });
    const definition = JSON.parse(substitute(machines.find(({ name }) => name === 'staging')!.text));
    const execution = await stepFunctions.run(definition, { runUri, purpose: 'scoring' });
    if (execution.status !== 'SUCCEEDED') throw new Error(`${execution.error}: ${execution.cause}`);
    const events = typesOf(await stepFunctions.history(execution.executionArn!));
    return { transitions: events.filter((type) => type.endsWith('StateEntered')).length };
  };

  it('stages six times the rows by the same statements, and by round trips for the fetches only', async () => {
    const small = await counting(() => stage(SMALL, standIns.s3));
    const large = await counting(() => stage(LARGE, standIns.s3));

    expect(large.statements).toBe(small.statements);
    expect(large.statements).toBeLessThanOrEqual(20);
    expect(large.connections).toBe(small.connections);
    expect(large.connections).toBeLessThanOrEqual(4);
    expect(large.roundTrips).toBeLessThanOrEqual(60);
    // a fetch brings about a megabyte, some 10,000 of these rows
    expect(large.roundTrips - small.roundTrips).toBeLessThanOrEqual(16);
  });

  it('sends few requests to S3, and enters few states', async () => {
    const requests: Record<string, number> = {};
    const s3 = countingClient(standIns.s3, requests);

    const { transitions } = await stage(SMALL, s3);

    const writes = (requests.PutObjectCommand ?? 0) + (requests.UploadPartCommand ?? 0);
    // the part with its facts, the plan with its partitions, and the manifest
    expect(writes).toBeGreaterThanOrEqual(5);
    expect(writes).toBeLessThanOrEqual(10);
    expect(transitions).toBeLessThanOrEqual(6);
  });

  it('stages in a process that stays small, and stages the rows of the view', async () => {
    const objectStore = s3ObjectStore(standIns.s3);

    const staged = await stageOurs(standIns, objectStore, {
      view: `V_${LARGE}`,
      delayMs: 0,
      runId: 'memory',
      environmentCount: 1,
      purpose: 'scoring',
    });

    await checkSameRows(objectStore, staged.partsUris, { format: 'csv', rowCount: LARGE, folder: standIns.folder });
    expect(staged.peakBytes).toBeLessThan(300e6);
  });

  it('writes predictions by arrays of rows, never one by one', async () => {
    const write = (rowCount: number) =>
      counting(() =>
        writeOurs(standIns, s3ObjectStore(standIns.s3), {
          parts: [Array.from({ length: rowCount }, (_, id) => `${id},0.5\n`).join('')],
          rowCount,
          table: `COUNTED_${rowCount}`,
          delayMs: 0,
          environmentCount: 1,
        }),
      );

    const small = await write(5_000);
    const large = await write(30_000);

    // lease, ledger and checks take their part once a write, whatever its size
    expect(large.roundTrips).toBeLessThanOrEqual(130);
    // 25,000 rows more are five arrays more
    expect(large.statements - small.statements).toBeLessThanOrEqual(6);
    expect(large.roundTrips - small.roundTrips).toBeLessThanOrEqual(6);
    const [[stored]] = (await standIns.query('SELECT COUNT(*) FROM "BENCH#USER"."COUNTED_30000"')) as [[string]];
    expect(stored).toBe('30000');
  });
});

/** The same client, which counts its commands. */
const countingClient = (client: S3Client, requests: Record<string, number>): S3Client =>
  new Proxy(client, {
    get(target, name) {
      if (name !== 'send') return Reflect.get(target, name);
      return (command: object, ...rest: unknown[]) => {
        requests[command.constructor.name] = (requests[command.constructor.name] ?? 0) + 1;
        return (target.send as (...all: unknown[]) => unknown).call(target, command, ...rest);
      };
    },
  });
