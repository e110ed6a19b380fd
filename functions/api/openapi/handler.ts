import { httpHandler } from '#shared/http-api/http-handler.ts';
import { openapi } from './openapi.ts';
import { OpenApi } from './schema.ts';

export const handler = httpHandler(OpenApi, async () => ({ status: 200, body: openapi() }));
