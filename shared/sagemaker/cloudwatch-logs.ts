import { CloudWatchLogsClient, DescribeLogStreamsCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { JobLog, LogSource } from '#shared/sagemaker/job-log.ts';

/** A job has a stream an instance; the end of a few of them is enough to see why it failed. */
const MAX_STREAMS = 5;

/** The logs of SageMaker's containers in Amazon CloudWatch Logs. */
export const cloudWatchJobLog = (client = new CloudWatchLogsClient({})): JobLog => ({
  async tail(source, maxLines) {
    const events = [];
    for (const stream of await streamNames(client, source)) {
      const page = await client.send(
        new GetLogEventsCommand({
          logGroupName: source.logGroup,
          logStreamName: stream,
          startFromHead: false,
          startTime: source.since?.getTime(),
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

const streamNames = async (client: CloudWatchLogsClient, { logGroup, streamPrefix }: LogSource): Promise<string[]> => {
  // CloudWatch orders by time or filters by prefix, and refuses to do both.
  const which = streamPrefix
    ? { logStreamNamePrefix: streamPrefix }
    : ({ orderBy: 'LastEventTime', descending: true } as const);
  try {
    const { logStreams = [] } = await client.send(
      new DescribeLogStreamsCommand({ logGroupName: logGroup, limit: MAX_STREAMS, ...which }),
    );
    return logStreams.map(({ logStreamName }) => logStreamName!);
  } catch (error) {
    if ((error as Error).name === 'ResourceNotFoundException') return [];
    throw error;
  }
};
