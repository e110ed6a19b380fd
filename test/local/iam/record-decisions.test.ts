import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openIam } from '#local/iam/open-iam.ts';
import { recordDecisions } from '#local/iam/record-decisions.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { allow, roleFor } from './roles.ts';

const ROLE = 'arn:aws:iam::000000000000:role/r';

it('writes the policies and each different decision by them once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'iam-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const iam = openIam({ account: LOCAL_ACCOUNT, ...recordDecisions(folder) });
  const policies = {
    roles: [roleFor('lambda.amazonaws.com', ROLE, [allow('s3:GetObject')])],
    resourcePolicies: {},
  };

  iam.deploy(policies);
  const caller = iam.callerOf(iam.sessionKeys(ROLE, 's'));
  for (const key of ['a', 'b', 'a']) caller.authorize({ action: 's3:GetObject', resource: `arn:aws:s3:::b/${key}` });
  caller.may({ action: 's3:PutObject', resource: 'arn:aws:s3:::b/a' });

  const [file] = await readdir(folder);
  const lines = (await readFile(join(folder, file!), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { policies },
    {
      decision: {
        principal: { roleArn: ROLE },
        check: { resource: 'arn:aws:s3:::b/a' },
        by: { policy: 'Grants', statement: 0 },
      },
    },
    { decision: { check: { resource: 'arn:aws:s3:::b/b' }, allowed: true } },
    { decision: { check: { action: 's3:PutObject' }, allowed: false } },
  ]);
});
