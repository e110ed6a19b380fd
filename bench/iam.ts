import { createHash } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Check, PolicyDocument } from '#local/iam/iam.ts';
import { openIam } from '#local/iam/open-iam.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { signedRequest } from '#test/local/iam/signed-request.ts';
import { median } from './statistics.ts';

/**
 * What the local cloud's access management costs a request: the verification of its signature, and the decision whether it is
 * allowed. Roles are about as large as those of the project; each request is about an object of its own, as in S3.
 */
const REQUESTS = 20_000;
const ROUNDS = 7;
const ROLE = 'arn:aws:iam::000000000000:role/bench';
const BUCKET = 'arn:aws:s3:::bench';

const policy = (...statements: PolicyDocument['Statement']): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements,
});
const allow = (Action: string | string[], Resource: string | string[], Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});
const jobs = 'arn:aws:sagemaker:eu-central-1:000000000000:training-job/*';

const iam = openIam({ account: LOCAL_ACCOUNT });
const deployed = performance.now();
iam.deploy({
  roles: [
    {
      arn: ROLE,
      trust: policy({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }),
      policies: [
        {
          name: 'bench',
          document: policy(
            allow('s3:ListBucket', BUCKET),
            allow(['s3:GetObject', 's3:PutObject'], [`${BUCKET}/runs/*`, `${BUCKET}/run-index/*`]),
            allow('s3:GetObject', `${BUCKET}/models/*`),
            allow(['s3:GetObject', 's3:DeleteObject'], `${BUCKET}/tasks/*`),
            allow(['sagemaker:DescribeTrainingJob', 'sagemaker:StopTrainingJob'], jobs, {
              StringEquals: { 'aws:ResourceTag/fedml:store': 'bench' },
            }),
            allow('sagemaker:AddTags', jobs, { StringEquals: { 'aws:RequestTag/fedml:store': 'bench' } }),
            allow('states:StartExecution', 'arn:aws:states:eu-central-1:000000000000:stateMachine:bench'),
            allow(
              ['logs:CreateLogStream', 'logs:PutLogEvents'],
              'arn:aws:logs:eu-central-1:000000000000:log-group:/aws/lambda/bench:*',
            ),
            allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*'),
          ),
        },
      ],
    },
  ],
  resourcePolicies: {
    [BUCKET]: policy(
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [BUCKET, `${BUCKET}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [BUCKET, `${BUCKET}/*`],
        Condition: { NumericLessThan: { 's3:TlsVersion': '1.2' } },
      },
    ),
  },
});
console.log(
  `deploying a role with nine statements, and reading what IAM knows of their services: ${(performance.now() - deployed).toFixed(0)} ms`,
);

const keys = iam.sessionKeys(ROLE, 'bench');
const caller = iam.callerOf(keys);

/** A new message each time, as Node's parser leaves it: headers are read when they are first asked for. */
const received = (template: IncomingMessage): IncomingMessage => {
  const message = new IncomingMessage(new Socket()) as IncomingMessage & {
    _addHeaderLines(lines: readonly string[], count: number): void;
  };
  message.method = template.method!;
  message.url = template.url!;
  const lines = Object.entries(template.headers).flatMap(([name, value]) => [name, String(value)]);
  message.rawHeaders = lines;
  message._addHeaderLines(lines, lines.length);
  return message;
};

/** Microseconds of CPU for each of the requests; the median round. */
const bench = async (name: string, one: (index: number) => void): Promise<number> => {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    for (let index = 0; index < REQUESTS; index += 1) one(index);
    const { user, system } = process.cpuUsage(before);
    rounds.push((user + system) / REQUESTS);
  }
  console.log(`${name.padEnd(64)} ${median(rounds).toFixed(1).padStart(6)} µs`);
  return median(rounds);
};

const body = Buffer.from(JSON.stringify({ stateMachineArn: 'm', input: '{}' }));
const sha256 = createHash('sha256').update(body).digest('hex');
const put = await signedRequest(
  {
    method: 'PUT',
    path: '/bench/runs/flights/2026/part-00001.csv',
    query: { 'x-id': 'PutObject' },
    headers: { 'x-amz-content-sha256': sha256, 'content-type': 'text/csv', 'content-length': '48' },
  },
  { keys, service: 's3' },
);
const start = await signedRequest(
  {
    body: String(body),
    headers: {
      'x-amz-content-sha256': sha256,
      'x-amz-target': 'AWSStepFunctions.StartExecution',
      'content-type': 'application/x-amz-json-1.0',
    },
  },
  { keys, service: 'states' },
);

const object = (index: number): Check => ({
  action: 's3:PutObject',
  resource: `${BUCKET}/runs/flights/2026/part-${index}.csv`,
});
const described: Check = {
  action: 'sagemaker:DescribeTrainingJob',
  resource: jobs.replace('*', 'flights-1'),
  context: { 'aws:ResourceTag/fedml:store': 'bench', 'aws:ResourceTag/pipeline': 'flights' },
};
const empty = await bench('a message that nobody looks at', () => received(put));
const signature = await bench('signature of an S3 request', () => iam.authenticateHeaders(received(put), 's3'));
await bench('signature of a JSON request and digest of its body', () =>
  iam.authenticate(received(start), 'states', body),
);
const decision = await bench('decision on an object, with the policy of its bucket', (index) =>
  caller.authorize(object(index)),
);
await bench('decision on a job, by its tags', () => caller.authorize(described));
await bench('decision that the role may not', (index) => caller.may({ ...object(index), action: 's3:DeleteObject' }));
console.log(`signature and decision of an S3 request: ${(signature - empty + decision).toFixed(1)} µs`);
