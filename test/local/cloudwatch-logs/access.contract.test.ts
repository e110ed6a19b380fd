import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, expect, it } from 'vitest';
import { openLogFiles } from '#local/cloudwatch-logs/log-files.ts';
import { permissions } from '#local/cloudwatch-logs/permissions.ts';
import { startCloudWatchLogs } from '#local/cloudwatch-logs/server.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { type AccessRow, expectExactGrants, expectForeign } from '#test/local/iam/access-table.ts';
import { allow } from '#test/local/iam/roles.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';

const GROUP = '/aws/sagemaker/TrainingJobs';
const GROUP_ARN = `arn:aws:logs:eu-central-1:000000000000:log-group:${GROUP}`;
/** Of the same name in another account. */
const FOREIGN_ARN = GROUP_ARN.replace('000000000000', '111111111111');
const STREAM = 'job-1/algo-1-1';

const iam = testIam();
const folder = await mkdtemp(join(tmpdir(), 'logs-access-'));
const logs = openLogFiles(folder);
logs.append(GROUP, STREAM, ['a line']);
const server = await startCloudWatchLogs({ account: LOCAL_ACCOUNT, iam, logs });
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const row = (action: string, resource: string, command: object, more: Partial<AccessRow> = {}): AccessRow => ({
  operation: action,
  needs: [[`logs:${action}`, resource]],
  async send(credentials) {
    const client = new CloudWatchLogsClient({ endpoint: server.url, region: LOCAL_ACCOUNT.region, credentials });
    try {
      return await client.send(command as GetLogEventsCommand);
    } finally {
      client.destroy();
    }
  },
  ...more,
});

const STREAMS = `${GROUP_ARN}:log-stream:`;
const inGroup = { logGroupName: GROUP };
const ROWS: readonly AccessRow[] = [
  row('DescribeLogStreams', STREAMS, new DescribeLogStreamsCommand(inGroup)),
  row('DescribeLogStreams', STREAMS, new DescribeLogStreamsCommand({ logGroupIdentifier: GROUP_ARN })),
  row('FilterLogEvents', STREAMS, new FilterLogEventsCommand(inGroup)),
  row('GetLogEvents', `${STREAMS}${STREAM}`, new GetLogEventsCommand({ ...inGroup, logStreamName: STREAM })),
  row('GetLogEvents', `${STREAMS}none`, new GetLogEventsCommand({ ...inGroup, logStreamName: 'none' }), {
    otherwise: 'ResourceNotFoundException',
  }),
];

expectExactGrants(ROWS, () => ({ iam }));

const FOREIGN_STREAMS = `${FOREIGN_ARN}:log-stream:`;
const ofForeign = row(
  'FilterLogEvents',
  FOREIGN_STREAMS,
  new FilterLogEventsCommand({ logGroupIdentifier: FOREIGN_ARN }),
);
expectForeign([ofForeign], () => ({ iam }));

it('doesn’t take another account’s group for its own of that name', async () => {
  const everybody = { ...allow('logs:*', FOREIGN_STREAMS), Principal: '*' };
  iam.deploy({ roles: [], resourcePolicies: { [FOREIGN_STREAMS]: { Version: '2012-10-17', Statement: [everybody] } } });

  await expect(ofForeign.send(PERSON)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

it('has all operations in this table', () => {
  expect([...new Set(ROWS.map(({ operation }) => operation))].sort()).toEqual(
    Object.keys(permissions(LOCAL_ACCOUNT)).sort(),
  );
});
