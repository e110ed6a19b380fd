import type { Permission } from '#local/http/aws-json.ts';
import type { Account } from '#local/stand-in.ts';
import { groupArnOf } from './request.ts';

/** What each operation asks for: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html */
export const permissions = (account: Account): Readonly<Record<string, Permission>> => {
  /** A group's ARN goes on with `:log-stream:`, as denials show it, so that a policy's `log-group:<group>:*` fits. */
  const onGroup =
    (action: string): Permission =>
    (input) => [{ action: `logs:${action}`, resource: `${groupArnOf(account, input)}:log-stream:` }];
  return {
    DescribeLogStreams: onGroup('DescribeLogStreams'),
    FilterLogEvents: onGroup('FilterLogEvents'),
    GetLogEvents: (input) => [
      {
        action: 'logs:GetLogEvents',
        resource: `${groupArnOf(account, input)}:log-stream:${input.logStreamName ?? ''}`,
      },
    ],
  };
};
