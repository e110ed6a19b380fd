import { serveAwsJson } from '#local/http/aws-json.ts';
import type { Iam } from '#local/iam/iam.ts';
import type { Account, StandIn } from '#local/stand-in.ts';
import { filterLogEvents } from './filter-log-events.ts';
import { getLogEvents } from './get-log-events.ts';
import type { LogFiles } from './log-files.ts';
import { describeLogStreams } from './log-streams.ts';
import { permissions } from './permissions.ts';

export interface CloudWatchLogsOptions {
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  readonly account: Account;
  readonly iam: Iam;
  /** The files that other stand-ins write to. */
  readonly logs: LogFiles;
}

/** The laptop's CloudWatch Logs: reads what the other stand-ins wrote. Nothing is written through it. */
export const startCloudWatchLogs = ({ port = 0, account, iam, logs }: CloudWatchLogsOptions): Promise<StandIn> =>
  serveAwsJson(
    {
      targetPrefix: 'Logs_20140328',
      jsonVersion: '1.1',
      signingName: 'logs',
      iam,
      permissions: permissions(account),
      operations: {
        GetLogEvents: getLogEvents(logs, account),
        FilterLogEvents: filterLogEvents(logs, account),
        DescribeLogStreams: describeLogStreams(logs, account),
      },
    },
    port,
  );
