import { config } from '#shared/config.ts';
import { httpHandler } from '#shared/http-api/http-handler.ts';
import { listPipelines } from './list-pipelines.ts';
import { ListPipelines } from './schema.ts';

export const handler = httpHandler(ListPipelines, () => listPipelines(config()));
