import { createHash } from 'node:crypto';
import { AccessDenied, SignatureError } from '#local/iam/errors.ts';
import type { Iam, Principal } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import { routeArn } from '../arns.ts';
import type { Authorizer, Verdict } from './authorizer.ts';

/**
 * IAM authorization: the request is signed for `execute-api`, and whoever signed it may invoke the path.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
 */
export const iamAuthorizer = (iam: Iam, account: Account, apiId: string): Authorizer => ({
  takes: ({ headers, url = '' }) =>
    /^AWS4-/.test(headers.authorization ?? '') ||
    (!headers.authorization && /[?&]X-Amz-(Algorithm|Signature)=/.test(url)),
  async authorize({ request, route, path, readBody }) {
    const body = await readBody();
    if (!body) return TOO_LARGE;
    try {
      const { principal, authorize } = iam.authenticate(request, 'execute-api', body);
      authorize({ action: 'execute-api:Invoke', resource: routeArn(account, apiId, route.method, path) });
      return {
        isAllowed: true,
        context: { iam: callerContext(principal, account, accessKeyOf(request.headers.authorization)) },
      };
    } catch (error) {
      if (error instanceof SignatureError || error instanceof AccessDenied) return FORBIDDEN;
      throw error;
    }
  },
});

/** Whatever is wrong: an HTTP API says no more. */
const FORBIDDEN: Verdict = { isAllowed: false, refusal: { statusCode: 403, message: 'Forbidden' } };

const TOO_LARGE: Verdict = {
  isAllowed: false,
  refusal: { statusCode: 413, message: 'Request Entity Too Large' },
};

const callerContext = (principal: Principal, { accountId }: Account, accessKey: string | null) => {
  const userId = userIdOf(principal);
  return {
    accessKey,
    accountId,
    callerId: userId,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: principal.type === 'service' ? principal.sourceArn : principal.arn,
    userId,
  };
};

/** An identifier of the form that AWS gives users and roles: a role's has its session's name behind it. */
const userIdOf = (principal: Principal): string => {
  if (principal.type !== 'role') return `AIDA${idOf(principal.type === 'user' ? principal.arn : principal.sourceArn)}`;
  return `AROA${idOf(principal.roleArn)}:${principal.arn.split('/').at(-1)}`;
};

const idOf = (arn: string): string =>
  createHash('sha256').update(arn).digest('hex').toUpperCase().replaceAll(/[01]/g, '2').slice(0, 17);

const accessKeyOf = (authorization: string | undefined): string | null =>
  /Credential=([^/,]+)\//.exec(authorization ?? '')?.[1] ?? null;
