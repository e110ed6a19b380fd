import { z } from 'zod';
import { ClusterAccessError, ClusterUnavailableError, ForbiddenAddressError } from '#shared/errors.ts';
import type { AddressGuard } from '#shared/kyma/addresses.ts';
import { type HttpsAnswer, httpsCall } from '#shared/kyma/https-call.ts';
import type { ModelClient } from '#shared/kyma/model-client.ts';

export interface AccessTokens {
  /** The token to call models with, or undefined where none is configured. */
  get(): Promise<string | undefined>;
}

const TIMEOUT_MS = 15_000;
/** A token that ends within a request is not begun with. */
const RENEW_BEFORE_SECONDS = 120;

const Answer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().default(600) });

/** Tokens by OAuth 2.0's client credentials (RFC 6749, 4.4), kept until they are about to expire. */
export const clientCredentialsTokens = (
  { oauth, certificateAuthority }: ModelClient,
  guard: AddressGuard,
): AccessTokens => {
  let kept: { readonly token: string; readonly until: number } | undefined;
  return {
    async get() {
      if (!oauth) return undefined;
      if (kept && performance.now() < kept.until) return kept.token;
      const { clientId, clientSecret, scope, tokenUrl } = oauth;
      const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) }).toString();
      const login = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
      const headers = {
        authorization: `Basic ${Buffer.from(login).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      };
      const answer = await call(tokenUrl, () =>
        httpsCall({ url: tokenUrl, method: 'POST', headers, body, timeoutMs: TIMEOUT_MS, certificateAuthority }, guard),
      );
      const { access_token: token, expires_in: seconds } = parseAnswer(tokenUrl, answer);
      kept = { token, until: performance.now() + Math.max(0, seconds - RENEW_BEFORE_SECONDS) * 1000 };
      return token;
    },
  };
};

const call = async (tokenUrl: string, send: () => Promise<HttpsAnswer>): Promise<HttpsAnswer> => {
  try {
    return await send();
  } catch (error) {
    if (error instanceof ForbiddenAddressError) throw error;
    throw new ClusterUnavailableError(
      `The issuer of tokens at ${tokenUrl} gave no answer: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
};

const parseAnswer = (tokenUrl: string, { status, body }: HttpsAnswer): z.infer<typeof Answer> => {
  if (status === 429 || status >= 500) {
    throw new ClusterUnavailableError(`The issuer of tokens at ${tokenUrl} answered ${status}.`);
  }
  const parsed = Answer.safeParse(parseJson(body));
  if (status === 200 && parsed.success) return parsed.data;
  const { error } = z.object({ error: z.string().max(100) }).safeParse(parseJson(body)).data ?? {};
  throw new ClusterAccessError(
    `The issuer of tokens at ${tokenUrl} gave none: ${status}${error ? ` ${error}` : ''}. Check tokenUrl, clientId and ` +
      'clientSecret in the secret of FEDML_KYMA_CLIENT_SECRET_ARN.',
  );
};

const parseJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
};
