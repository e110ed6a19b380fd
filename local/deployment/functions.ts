import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { LambdaFunction } from '#local/lambda/functions.ts';

/** The part of a Serverless function entry that the laptop honours; the rest is for AWS. */
const FunctionEntry = z.object({
  handler: z.string().regex(/^functions\/.+\.[A-Za-z]+$/),
  timeout: z.int().min(1).max(900),
  memorySize: z.int().min(128).max(10_240),
  environment: z.record(z.string(), z.string()).default({}),
});

/** Every function of `functions/<state machine>/functions.yml`, by its key: the same entries that are deployed to AWS. */
export const readFunctions = (rootDir: string): Record<string, LambdaFunction> =>
  Object.fromEntries(
    readdirSync(join(rootDir, 'functions'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => readFunctionsFile(rootDir, join(rootDir, 'functions', name, 'functions.yml'))),
  );

const readFunctionsFile = (rootDir: string, file: string): [string, LambdaFunction][] => {
  const entries = z
    .record(z.string(), FunctionEntry)
    .parse(parse(readFileSync(file, 'utf8'), { customTags: asReferences }));
  return Object.entries(entries).map(([key, { handler, timeout, memorySize, environment }]) => {
    const dot = handler.lastIndexOf('.');
    return [
      key,
      {
        handlerFile: join(rootDir, `${handler.slice(0, dot)}.ts`),
        handlerExport: handler.slice(dot + 1),
        timeoutSeconds: timeout,
        memorySizeMb: memorySize,
        environment: Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== REFERENCE)),
      },
    ];
  });
};

/** A value that CloudFormation fills in; on the laptop the cloud's own environment has it. */
const REFERENCE = '\0reference';

/** CloudFormation's short forms, kept as their text: the laptop fills in what it needs by name. */
export const cloudFormationTags = ['!GetAtt', '!Ref', '!Sub', '!ImportValue'].map((tag) => ({
  tag,
  resolve: (text: string) => text,
}));

const asReferences = cloudFormationTags.map(({ tag }) => ({ tag, resolve: () => REFERENCE }));
