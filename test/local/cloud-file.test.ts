import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimStateDir, readCloudAddress } from '#local/cloud-file.ts';

const ADDRESS = {
  isKept: true,
  environment: { AWS_REGION: 'x' },
  stateMachineArns: {},
  services: {},
  api: { url: '', token: '' },
};

describe("the state folder of a laptop's cloud", () => {
  let stateDir: string;

  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'fedml-state-'));
  });

  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

  it('is taken by one at a time, and the other is told by whom', async () => {
    const claim = await claimStateDir(stateDir);

    await expect(claimStateDir(stateDir)).rejects.toMatchObject({
      name: 'CloudInUseError',
      message: expect.stringContaining(`Process ${process.pid} has a cloud on ${stateDir}`),
    });
    await claim.release();
    await (await claimStateDir(stateDir)).release();
  });

  it.each(['file', 'file/below'])("can't be %s, and it is told what names another", async (path) => {
    writeFileSync(join(stateDir, 'file'), '');
    const taken = join(stateDir, path);

    await expect(claimStateDir(taken)).rejects.toMatchObject({
      name: 'StateDirError',
      message: expect.stringMatching(
        /^The laptop's cloud can't keep its state in .*file.*FEDML_STATE_DIR names another/,
      ),
    });
    expect(await readCloudAddress(taken)).toBeUndefined();
  });

  it('tells others how to reach the cloud once it is up, and no longer than it is', async () => {
    const claim = await claimStateDir(stateDir);
    const starting = await readCloudAddress(stateDir);
    await claim.publish(ADDRESS);
    const up = await readCloudAddress(stateDir);
    await claim.release();
    const closed = await readCloudAddress(stateDir);

    expect([starting, up, closed]).toEqual([undefined, { pid: process.pid, ...ADDRESS }, undefined]);
  });

  it('forgets a cloud whose process was killed, also when its number is another process by now', async () => {
    const killed = await claimStateDir(stateDir);
    await killed.release();
    writeFileSync(join(stateDir, 'cloud.json'), JSON.stringify({ pid: process.pid, ...ADDRESS }));

    expect(await readCloudAddress(stateDir)).toBeUndefined();
    await (await claimStateDir(stateDir)).release();
  });

  it('can be read by nobody else', async () => {
    chmodSync(stateDir, 0o755);
    const claim = await claimStateDir(stateDir);
    await claim.publish(ADDRESS);
    const modes = [stateDir, join(stateDir, 'cloud.json')].map((path) => statSync(path).mode & 0o777);
    await claim.release();

    expect(modes).toEqual([0o700, 0o600]);
  });
});
