/** A route of the HTTP API and the function behind it. */
export interface Route {
  readonly method: string;
  /** Such as `/runs/{id}`. */
  readonly path: string;
  readonly functionName: string;
}

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
