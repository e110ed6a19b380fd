import { z } from 'zod';
import { DescribeRun } from '#functions/api/describe-run/schema.ts';
import { ListPipelines } from '#functions/api/list-pipelines/schema.ts';
import { ListRuns } from '#functions/api/list-runs/schema.ts';
import { Predict } from '#functions/api/predict/schema.ts';
import { ResumeRun } from '#functions/api/resume-run/schema.ts';
import { StartRun } from '#functions/api/start-run/schema.ts';
import { StopRun } from '#functions/api/stop-run/schema.ts';
import type { Operation } from '#shared/http-api/operation.ts';
import { Problem } from '#shared/http-api/problem.ts';
import { OpenApi } from './schema.ts';

export const OPERATIONS = [
  ListPipelines,
  StartRun,
  Predict,
  ListRuns,
  DescribeRun,
  StopRun,
  ResumeRun,
  OpenApi,
] as readonly Operation[];

/** The API as an OpenAPI 3.1 document, made of the schemas that check its requests and answers. */
export const openapi = (): Record<string, unknown> => ({
  openapi: '3.1.0',
  info: {
    title: 'FedML Serverless',
    version: '1',
    description:
      'Starts, follows, stops and resumes runs of pipelines, and asks their models. Every problem is RFC 9457.',
  },
  security: [{ authorization: [] }],
  paths: Object.fromEntries(
    [...new Set(OPERATIONS.map(({ path }) => path))].map((path) => [
      path,
      Object.fromEntries(
        OPERATIONS.filter((operation) => operation.path === path).map((operation) => [
          operation.method.toLowerCase(),
          described(operation),
        ]),
      ),
    ]),
  ),
  components: {
    securitySchemes: {
      authorization: {
        type: 'apiKey',
        in: 'header',
        name: 'Authorization',
        description: 'AWS Signature Version 4 for execute-api, or a bearer token, as the API was deployed.',
      },
    },
    schemas: { Problem: jsonSchema(Problem, 'output') },
  },
});

const described = ({ id, summary, request, responses, problems }: Operation): Record<string, unknown> => ({
  operationId: id,
  summary,
  parameters: [
    ...parameters('path', request.path),
    ...parameters('query', request.query),
    ...parameters('header', request.headers),
  ],
  ...(request.body && {
    requestBody: {
      required: request.body.optional !== true,
      content: Object.fromEntries(
        request.body.contentTypes.map((type) => [type, { schema: bodySchema(request.body!.schema, type) }]),
      ),
    },
  }),
  responses: {
    ...Object.fromEntries(
      Object.entries(responses).map(([status, { description, schema }]) => [
        status,
        { description, content: { 'application/json': { schema: jsonSchema(schema, 'output') } } },
      ]),
    ),
    ...Object.fromEntries([...problems, 500].map((status) => [status, PROBLEM])),
  },
});

const PROBLEM = {
  description: 'What went wrong.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
}

const parameters = (place: 'path' | 'query' | 'header', schema: z.ZodType | undefined): object[] => {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input');
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
};

/** A body that isn't JSON is a text, whatever else the operation takes. */
const bodySchema = (schema: z.ZodType, contentType: string): object => {
  if (contentType !== 'application/json') return { type: 'string' };
  const { anyOf, ...rest } = jsonSchema(schema, 'input');
  const objects = anyOf?.filter(({ type }) => type !== 'string');
  return objects?.length === 1 ? objects[0]! : { ...rest, ...(anyOf && { anyOf }) };
};

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema & {
    readonly $schema?: string;
  };
  return rest;
};
