import { CloudWatchLogsClient, DescribeLogStreamsCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { JobLog } from '#shared/sagemaker/job-log.ts';

/** A job has a stream an instance; the end of a few of them is enough to see why it failed. */
const MAX_STREAMS = 5;

/** The logs of SageMaker's containers in Amazon CloudWatch Logs. */
export const cloudWatchJobLog = (client = new CloudWatchLogsClient({})): JobLog => ({
  async tail(logGroup, streamPrefix, maxLines) {
    const events = [];
    for (const stream of await streamNames(client, logGroup, streamPrefix)) {
      const page = await client.send(
        new GetLogEventsCommand({
          logGroupName: logGroup,
          logStreamName: stream,
          startFromHead: false,
          limit: maxLines,
        }),
      );
      events.push(...(page.events ?? []));
    }
    return events
      .sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0))
      .slice(-maxLines)
      .flatMap(({ message }) => (message ?? '').split('\n'));
  },
});

const streamNames = async (client: CloudWatchLogsClient, logGroup: string, prefix: string): Promise<string[]> => {
  try {
    const { logStreams = [] } = await client.send(
      new DescribeLogStreamsCommand({ logGroupName: logGroup, logStreamNamePrefix: prefix, limit: MAX_STREAMS }),
    );
    return logStreams.map(({ logStreamName }) => logStreamName!);
  } catch (error) {
    if ((error as Error).name === 'ResourceNotFoundException') return [];
    throw error;
  }
};
