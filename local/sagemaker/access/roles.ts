import type { LogFiles } from '#local/cloudwatch-logs/log-files.ts';
import type { Caller, Check, Iam, KeyPair } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import { JobFailure } from '../job-failure.ts';
import type { Objects } from '../objects.ts';
import { s3Objects } from '../objects.ts';
import { refuse } from '../validation/request.ts';
import { pullChecks } from './image-pull.ts';
import { outputKeyChecks, volumeKeyChecks } from './keys.ts';
import { SAGEMAKER } from './pass-role.ts';

/** What SageMaker does for a job or a model, as the job's or the model's own role. */
export interface Role {
  readonly arn: string;
  /** For the programs in the container. */
  readonly keys: KeyPair;
  readonly objects: Objects;
  mayPull(image: string): boolean;
  /**
   * Checks that the role may use the keys that a job names.
   *
   * @throws JobFailure
   */
  assertMayUse(keys: { readonly volumeKeyId?: string | undefined; readonly outputKeyId?: string | undefined }): void;
  /** CloudWatch takes metrics of a namespace such as `/aws/sagemaker/TrainingJobs` only from a role that may put them there. */
  mayPutMetrics(namespace: string): boolean;
  /** Appends to a log stream. Lines of a role that may not write there are lost, as on AWS. */
  log(group: string, stream: string, lines: readonly string[]): void;
}

export interface Roles {
  of(roleArn: string): Role;
  /**
   * Checks that the role lets SageMaker take it for the sake of a resource.
   *
   * @throws ValidationException
   */
  assume(roleArn: string, resourceArn: string): Role;
  close(): void;
}

export interface RolesOptions {
  readonly iam: Iam;
  readonly account: Account;
  readonly s3Endpoint: string;
  readonly logs: LogFiles;
  /** Hears, once for each role and log group, that its lines are lost. */
  readonly onProblem: (text: string) => void;
}

/** As SageMaker calls its sessions. */
const SESSION_NAME = 'SageMaker';

export const openRoles = (options: RolesOptions): Roles => {
  const opened = new Map<string, Role>();
  const of = (roleArn: string): Role => {
    const role = opened.get(roleArn) ?? openRole(options, roleArn);
    opened.set(roleArn, role);
    return role;
  };
  return {
    of,
    assume(roleArn, resourceArn) {
      try {
        options.iam.assertTrusts(roleArn, SAGEMAKER, resourceArn);
      } catch (cause) {
        throw Object.assign(refuse(couldNotAssume(roleArn)), { cause });
      }
      return of(roleArn);
    },
    close() {
      for (const { objects } of opened.values()) objects.close();
    },
  };
};

const couldNotAssume = (roleArn: string): string =>
  `Could not assume role ${roleArn}. Please ensure that the role exists and allows principal '${SAGEMAKER}' to assume the role.`;

const openRole = ({ iam, account, s3Endpoint, logs, onProblem }: RolesOptions, arn: string): Role => {
  const keys = iam.sessionKeys(arn, SESSION_NAME);
  const caller = iam.callerOf(keys);
  const silenced = new Set<string>();
  const mayLog = (group: string, stream: string): boolean => {
    const checks = logChecks(account, group, stream, logs);
    if (mayAll(caller, checks)) return true;
    if (!silenced.has(group)) onProblem(`The role ${arn} may not write the log group ${group}: its lines are lost.`);
    silenced.add(group);
    return false;
  };
  return {
    arn,
    keys,
    objects: s3Objects(s3Endpoint, account, keys),
    mayPull: (image) => mayAll(caller, pullChecks(image)),
    assertMayUse({ volumeKeyId, outputKeyId }) {
      try {
        caller.authorize(...volumeKeyChecks(account, volumeKeyId), ...outputKeyChecks(account, outputKeyId));
      } catch (cause) {
        throw new JobFailure(`ClientError: Cannot use the KMS key: ${(cause as Error).message}`, { cause });
      }
    },
    mayPutMetrics: (namespace) =>
      caller.may({
        action: 'cloudwatch:PutMetricData',
        resource: '*',
        context: { 'cloudwatch:namespace': namespace },
      }),
    log(group, stream, lines) {
      if (mayLog(group, stream)) logs.append(group, stream, lines);
    },
  };
};

const mayAll = (caller: Caller, checks: readonly Check[]): boolean => checks.every((check) => caller.may(check));

/** The group and the stream are made with the first line. */
const logChecks = ({ region, accountId }: Account, group: string, stream: string, logs: LogFiles): readonly Check[] => {
  const groupArn = `arn:aws:logs:${region}:${accountId}:log-group:${group}`;
  const streamArn = `${groupArn}:log-stream:${stream}`;
  return [
    ...(logs.hasGroup(group) ? [] : [{ action: 'logs:CreateLogGroup', resource: `${groupArn}:log-stream:` }]),
    ...(logs.hasGroup(group) && logs.hasStream(group, stream)
      ? []
      : [{ action: 'logs:CreateLogStream', resource: streamArn }]),
    { action: 'logs:PutLogEvents', resource: streamArn },
  ];
};
