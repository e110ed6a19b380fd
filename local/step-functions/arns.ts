import type { Account } from '#local/stand-in.ts';

/** The ARNs of Step Functions, https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html */
export const stateMachineArn = ({ region, accountId }: Account, name: string): string =>
  `arn:aws:states:${region}:${accountId}:stateMachine:${name}`;

/** An execution of a STANDARD machine; of a Map Run's child when `machine` is `<machine>/<label>`. */
export const executionArn = ({ region, accountId }: Account, machine: string, name: string): string =>
  `arn:aws:states:${region}:${accountId}:execution:${machine}:${name}`;

/** An execution of an EXPRESS machine; its names aren't unique, so an id follows. */
export const expressExecutionArn = (
  { region, accountId }: Account,
  machine: string,
  name: string,
  id: string,
): string => `arn:aws:states:${region}:${accountId}:express:${machine}:${name}:${id}`;

export const mapRunArn = ({ region, accountId }: Account, machine: string, label: string, id: string): string =>
  `arn:aws:states:${region}:${accountId}:mapRun:${machine}/${label}:${id}`;

const ARN = /^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:(stateMachine|execution|express|mapRun):(.+)$/;

/** The kind and the rest of a Step Functions ARN; undefined when the text is none. */
export const parseArn = (arn: string): { kind: string; rest: string } | undefined => {
  const match = ARN.exec(arn);
  return match ? { kind: match[1]!, rest: match[2]! } : undefined;
};
