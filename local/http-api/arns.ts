import type { Account } from '#local/stand-in.ts';

/** A request to the only stage: for a caller's permission with its path, for a function's with its route's. */
export const routeArn = ({ region, accountId }: Account, apiId: string, method: string, path: string): string =>
  `arn:aws:execute-api:${region}:${accountId}:${apiId}/$default/${method}${path}`;
