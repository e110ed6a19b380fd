import { z } from 'zod';
import { operation } from '#shared/http-api/operation.ts';

export const OpenApi = operation({
  id: 'openapi',
  method: 'GET',
  path: '/openapi.json',
  summary: 'This document.',
  request: {},
  responses: { 200: { description: 'An OpenAPI 3.1 document.', schema: z.looseObject({ openapi: z.string() }) } },
  problems: [],
});
