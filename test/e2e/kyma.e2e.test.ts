import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCloudAddress } from '#local/cloud-file.ts';
import { descendantsOf, type FedmlProcess, type Folders, startFedml, survivorsOf } from '#test/cli/fedml-process.ts';
import { invokeFunction } from './invoke-function.ts';
import { MUTE } from './mute-model.ts';
import { pipelinesFromTiny } from './pipelines-from-tiny.ts';
import { NOTEBOOK_POLICIES, trainElsewhere } from './train-elsewhere.ts';

let folders: Folders;
let up: FedmlProcess;

/** As docs/kyma.md says for the laptop. */
const ON_KYMA = {
  deployment: {
    target: 'kyma',
    instances: undefined,
    auth: {
      jwt: {
        issuer: 'https://auth.kyma.localhost',
        jwksUri: 'https://auth.kyma.localhost/oauth2/certs',
        audiences: ['fedml-serverless'],
      },
    },
  },
  prediction: { method: 'kyma' },
};

const startCloud = async (): Promise<void> => {
  up = startFedml(['up'], folders);
  await up.printed('Ctrl-C ends');
};

const endCloud = async (): Promise<void> => {
  const children = descendantsOf(up.child.pid!);
  up.child.kill('SIGTERM');
  expect(await up.exitCode).toBe(0);
  expect(await survivorsOf(children)).toEqual([]);
};

const fedml = async (...args: string[]): Promise<string> => {
  const command = startFedml(args, folders);
  const exitCode = await command.exitCode;
  if (exitCode !== 0) throw new Error(`fedml ${args.join(' ')} ended with ${exitCode}:\n${command.output()}`);
  return command.output();
};

/** After a start of the cloud its pods need a moment, as after a start of a cluster. */
const untilAvailable = async (): Promise<void> => {
  while (!(await fedml('deployments')).includes('1 available'));
};

const factOf = (output: string, label: string): string => new RegExp(`^  ${label} +(.*)$`, 'm').exec(output)![1]!;

beforeAll(async () => {
  folders = {
    stateDir: await mkdtemp(join(tmpdir(), 'fedml-kyma-')),
    pipelinesDir: await pipelinesFromTiny({
      penguins: { settings: ON_KYMA },
      mute: { settings: ON_KYMA, files: { 'train.py': MUTE } },
    }),
  };
  const policiesFile = join(folders.stateDir, 'policies.json');
  await writeFile(policiesFile, JSON.stringify(NOTEBOOK_POLICIES));
  process.env.FEDML_LOCAL_POLICIES = policiesFile;
  await startCloud();
});

afterAll(async () => {
  up?.child.kill('SIGKILL');
  await up?.exitCode;
  await rm(folders.pipelinesDir, { recursive: true, force: true });
  await rm(folders.stateDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
});

it('brings a model to Kyma, deploys it again and one from elsewhere, keeps its URL over a restart, predicts there, and takes it away', async () => {
  const rows = join(folders.stateDir, 'rows.csv');
  await writeFile(rows, 'Biscoe,50.0,15.0,220,5000,MALE\nTorgersen,39.1,18.7,181,3750,MALE\n');

  const ran = await fedml('run', 'penguins');
  const again = await fedml('deploy', 'penguins', '--run', factOf(ran, 'run').split(',')[0]!);
  const written = JSON.parse(await fedml('query', 'SELECT COUNT(*) AS ROWS_WRITTEN FROM PENGUIN_SPECIES', '--json'));
  const listed = await fedml('deployments');
  Object.assign(process.env, (await readCloudAddress(folders.stateDir))!.environment);
  const foreignJob = await trainElsewhere(factOf(ran, 'model'));
  const adopted = await fedml('deploy', 'penguins', '--run', foreignJob);
  await endCloud();
  await startCloud();
  await untilAvailable();
  const predicted = await fedml('predict', 'penguins', '--file', rows);
  const cloud = (await readCloudAddress(folders.stateDir))!;
  const answered = await fetch(`${cloud.api.url}/pipelines/penguins/predict`, {
    method: 'POST',
    headers: { authorization: `Bearer ${cloud.api.token}`, 'content-type': 'text/csv' },
    body: 'Biscoe,50.0,15.0,220,5000,MALE',
  });
  Object.assign(process.env, cloud.environment);
  const refreshed = await invokeFunction(cloud, 'refreshPullSecret', {});
  const failed = await fedml('run', 'mute').catch(String);
  const planned = await fedml('undeploy', 'penguins', '--plan');
  const undeployed = await fedml('undeploy', 'penguins');
  const left = await fedml('deployments');
  await endCloud();

  const [digest, url] = [factOf(ran, 'image'), factOf(ran, 'url')];
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(url).toMatch(/^https:\/\/penguins-local\.kyma\.localhost:\d+\/invocations$/);
  expect(Number(factOf(ran, 'pushed').replace(/\D/g, ''))).toBeGreaterThan(1000);
  expect([factOf(again, 'image'), factOf(again, 'url'), factOf(again, 'pushed')]).toEqual([digest, url, '0 bytes']);
  expect(written).toEqual([{ ROWS_WRITTEN: 34 }]);
  expect(listed).toMatch(
    new RegExp(`penguins +kyma +${url.replace('invocations', '')} +${digest.slice(0, 19)} +penguins-`),
  );
  // The same script on the same rows leaves the same bytes, and the same bytes are the same image.
  expect(['model', 'image', 'url'].map((label) => factOf(adopted, label))).toEqual([foreignJob, digest, url]);
  expect(predicted).toMatch(/^Gentoo,0\.\d+\nAdelie,0\.\d+\n$/);
  expect(await answered.text()).toMatch(/^Gentoo,0\.\d+\n$/);
  expect(refreshed).toMatchObject({ secretCount: 1, expiresAt: expect.any(String) });
  expect(failed).toMatch(/SmokeTestFailedError/);
  expect(planned.match(/would delete \w+/g)).toEqual(
    undeployed.match(/deleted \w+/g)!.map((each) => each.replace('deleted', 'would delete')),
  );
  expect(planned).toContain('would delete APIRule fedml/penguins-local');
  expect(left).toContain('Nothing is deployed.');
});
