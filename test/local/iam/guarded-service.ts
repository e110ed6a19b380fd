import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { accessErrorOf } from '#local/http/access-errors.ts';
import { listen } from '#local/http/listen.ts';
import { AccessDenied } from '#local/iam/errors.ts';
import type { Caller, Iam } from '#local/iam/iam.ts';
import { LOCAL_ACCOUNT, type StandIn } from '#local/stand-in.ts';

/** A Lambda whose functions do nothing, for callers that must be let in by IAM; it notes who invoked what. */
export const startGuardedLambda = async (iam: Iam) => {
  const invocations: {
    readonly principal: Caller['principal'];
    readonly functionArn: string;
    readonly event: unknown;
  }[] = [];
  const server = await listen(async (request, response) => {
    const body = await buffer(request);
    const name = /functions\/(?:arn:.*:function:)?([^/]+)\/invocations/.exec(decodeURIComponent(request.url!))?.[1];
    const functionArn = `arn:aws:lambda:${LOCAL_ACCOUNT.region}:${LOCAL_ACCOUNT.accountId}:function:${name}`;
    try {
      const caller = iam.authenticate(request, 'lambda', body);
      caller.authorize({ action: 'lambda:InvokeFunction', resource: functionArn });
      invocations.push({ principal: caller.principal, functionArn, event: JSON.parse(body.toString() || 'null') });
      response.writeHead(request.headers['x-amz-invocation-type'] === 'Event' ? 202 : 200).end('{}');
    } catch (error) {
      const { code, members } = accessErrorOf(error)!;
      response.writeHead(403, { 'content-type': 'application/json', 'x-amzn-errortype': code });
      response.end(JSON.stringify(members));
    }
  });
  return { ...server, invocations };
};

/** An S3 that has one text for every key. */
export const startGuardedS3 = (iam: Iam, text: string): Promise<StandIn> =>
  listen((request, response) => {
    try {
      const [bucket, key] = new URL(request.url!, 'http://s3').pathname.slice(1).split(/\/(.*)/);
      const { caller } = iam.authenticateHeaders(request, 's3');
      caller.authorize({ action: 's3:GetObject', resource: `arn:aws:s3:::${bucket}/${key}` });
      response.end(text);
    } catch (error) {
      sendS3Error(request, response, error);
    }
  });

const sendS3Error = (_request: IncomingMessage, response: ServerResponse, error: unknown): void => {
  if (!(error instanceof AccessDenied)) throw error;
  response.writeHead(403, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>AccessDenied</Code><Message>${error.message.replaceAll('"', '&quot;')}</Message></Error>`);
};
