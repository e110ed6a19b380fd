import { join } from 'node:path';
import type { LambdaFunction } from '#local/lambda/functions.ts';
import type { Deployment, FunctionDefinition } from '#local/template/deployment.ts';

/** The functions of a deployment, run from the project's sources; by name. */
export const lambdaFunctions = (
  { functions }: Pick<Deployment, 'functions'>,
  rootDir: string,
): Record<string, LambdaFunction> =>
  Object.fromEntries(Object.entries(functions).map(([name, definition]) => [name, fromSources(definition, rootDir)]));

const fromSources = (definition: FunctionDefinition, rootDir: string): LambdaFunction => {
  const { handler, roleArn, timeoutSeconds, memorySizeMb, reservedConcurrency, environment, onFailureArn } = definition;
  const dot = handler.lastIndexOf('.');
  return {
    handlerFile: join(rootDir, `${handler.slice(0, dot)}.ts`),
    handlerExport: handler.slice(dot + 1),
    roleArn,
    timeoutSeconds,
    memorySizeMb,
    ...(reservedConcurrency !== undefined && { reservedConcurrency }),
    environment,
    ...(onFailureArn !== undefined && { failureDestinationArn: onFailureArn }),
  };
};

/** The variables that all functions of a deployment have with the same value: what the service's provider says. */
export const sharedVariables = ({ functions }: Pick<Deployment, 'functions'>): Record<string, string> => {
  const [first, ...others] = Object.values(functions).map(({ environment }) => environment);
  return Object.fromEntries(
    Object.entries(first ?? {}).filter(([key, value]) => others.every((environment) => environment[key] === value)),
  );
};
