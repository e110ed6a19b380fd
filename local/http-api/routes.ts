import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { cloudFormationTags } from '#local/deployment/functions.ts';

/** A route of the HTTP API and the function behind it. */
export interface Route {
  readonly method: string;
  /** Such as `/runs/{id}`. */
  readonly path: string;
  readonly functionName: string;
}

const Functions = z.record(
  z.string(),
  z.object({
    events: z.array(z.object({ httpApi: z.object({ method: z.string(), path: z.string(), authorizer: z.unknown() }) })),
  }),
);

/** The routes of `functions/api/functions.yml`, which AWS gets too. */
export const readRoutes = (rootDir: string): Route[] => {
  const text = readFileSync(join(rootDir, 'functions', 'api', 'functions.yml'), 'utf8');
  return Object.entries(Functions.parse(parse(text, { customTags: cloudFormationTags }))).flatMap(
    ([functionName, { events }]) => events.map(({ httpApi: { method, path } }) => ({ method, path, functionName })),
  );
};

export interface Match {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** The route that a request is for. A path without parameters goes before one with. */
export const matchRoute = (routes: readonly Route[], method: string, path: string): Match | undefined => {
  const matches = routes.flatMap((route) => {
    const pathParameters = route.method === method ? parametersOf(route.path, path) : undefined;
    return pathParameters ? [{ route, pathParameters }] : [];
  });
  return matches.sort((a, b) => Object.keys(a.pathParameters).length - Object.keys(b.pathParameters).length)[0];
};

const parametersOf = (template: string, path: string): Record<string, string> | undefined => {
  const wanted = template.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name !== undefined && given[index] !== '') parameters[name] = decode(given[index]!);
    else if (segment !== given[index]) return undefined;
  }
  return parameters;
};

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};
