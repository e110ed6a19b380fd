import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, expect, it } from 'vitest';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import type { StandIn } from '#local/stand-in.ts';
import { cloudWatchJobLog } from '#shared/sagemaker/cloudwatch-logs.ts';
import { endpointLog, trainingLog } from '#shared/sagemaker/job-log.ts';
import { serveFake } from '#test/local/http/fake-service.ts';
import { PERSON } from '#test/local/iam/test-iam.ts';

let server: StandIn | undefined;
afterEach(() => server?.close());

const against = async (operations: Record<string, Operation>) => {
  server = await serveFake({ targetPrefix: 'Logs_20140328', jsonVersion: '1.1', operations });
  return cloudWatchJobLog(
    new CloudWatchLogsClient({
      endpoint: server.url,
      region: 'eu-central-1',
      credentials: PERSON,
    }),
  );
};

it('gives the last lines of all of a job’s streams, in their order in time', async () => {
  const streams: Record<string, { timestamp: number; message: string }[]> = {
    'job-1/algo-1-1': [
      { timestamp: 1, message: 'first' },
      { timestamp: 3, message: 'third\nfourth' },
    ],
    'job-1/algo-2-1': [{ timestamp: 2, message: 'second' }],
  };
  const log = await against({
    DescribeLogStreams: ({ logStreamNamePrefix }: { logStreamNamePrefix: string }) => ({
      logStreams: Object.keys(streams)
        .filter((name) => name.startsWith(logStreamNamePrefix))
        .map((logStreamName) => ({ logStreamName })),
    }),
    GetLogEvents: ({ logStreamName }: { logStreamName: string }) => ({ events: streams[logStreamName] }),
  });

  expect(await log.tail(trainingLog('job-1'), 2)).toEqual(['second', 'third', 'fourth']);
});

it('gives nothing where there is no such log', async () => {
  const log = await against({
    DescribeLogStreams: () => {
      throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    },
  });

  expect(await log.tail(endpointLog('x'), 10)).toEqual([]);
});
