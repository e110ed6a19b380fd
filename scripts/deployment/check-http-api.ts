import { namesIn } from './arns.ts';
import { type Finding, resourcesOf, type Template, targetOf } from './template.ts';

/** Looks at who may call the HTTP API, how often, and whether it is written down for as long as other logs. */
export const checkHttpApi = (template: Template): Finding[] => [
  ...ofWiring(template),
  ...resourcesOf(template, 'AWS::ApiGatewayV2::Api').flatMap(([where, properties]) => ofApi(where, properties)),
  ...resourcesOf(template, 'AWS::ApiGatewayV2::Authorizer').flatMap(([where, { JwtConfiguration }]) => {
    const { Issuer, Audience } = (JwtConfiguration ?? {}) as { Issuer?: unknown; Audience?: readonly unknown[] };
    return [
      ...(String(Issuer).startsWith('https://') ? [] : [{ where, problem: 'Its issuer must begin with https://.' }]),
      ...(Audience?.some((each) => each)
        ? []
        : [{ where, problem: 'Any token of the issuer would do; give it an Audience.' }]),
    ];
  }),
  ...resourcesOf(template, 'AWS::ApiGatewayV2::Route').flatMap(([where, properties]) =>
    ofRoute(template, where, properties),
  ),
  ...resourcesOf(template, 'AWS::ApiGatewayV2::Stage').flatMap(([where, properties]) =>
    ofStage(template, where, properties),
  ),
  ...resourcesOf(template, 'AWS::Lambda::Url').map(([where]) => ({
    where,
    problem: "It goes around the HTTP API's authorization, limit and log.",
  })),
];

/** Each route leads to an integration, that to a function, and the function lets this API call it. */
const ofWiring = (template: Template): Finding[] => {
  const { textOf, nameOf } = namesIn(template, 'stack');
  const callable = resourcesOf(template, 'AWS::Lambda::Permission')
    .filter(([, { Principal }]) => Principal === 'apigateway.amazonaws.com')
    .map(([, { FunctionName, SourceArn }]) => ({ id: targetOf(FunctionName), source: textOf(SourceArn) }));
  const api = resourcesOf(template, 'AWS::ApiGatewayV2::Api').map(([id]) => nameOf(id))[0];
  const source = `arn:aws:execute-api:ap-southeast-1:123456789012:${api}/*`;
  const integrations = new Map(
    resourcesOf(template, 'AWS::ApiGatewayV2::Integration').map(([id, { IntegrationUri }]) => [
      `integrations/${nameOf(id)}`,
      targetOf(IntegrationUri),
    ]),
  );
  return resourcesOf(template, 'AWS::ApiGatewayV2::Route').flatMap(([where, { Target }]) => {
    const target = integrations.get(textOf(Target) ?? '');
    if (template.Resources[target ?? '']?.Type !== 'AWS::Lambda::Function') {
      return [{ where, problem: 'It leads to no function.' }];
    }
    return callable.some((each) => each.id === target && each.source === source)
      ? []
      : [{ where, problem: `${target} doesn't let this API, and no other, call it.` }];
  });
};

/** Browsers of any page would send their users' tokens. */
const ofApi = (where: string, { CorsConfiguration, ProtocolType }: Record<string, unknown>): Finding[] => {
  const {
    AllowOrigins = [],
    AllowHeaders = [],
    AllowMethods = [],
  } = (CorsConfiguration ?? {}) as Record<string, string[]>;
  return [
    ...([...AllowOrigins, ...AllowHeaders, ...AllowMethods].some((each) => each.includes('*'))
      ? [{ where, problem: 'Any page may call it (CORS); name the origins, methods and headers.' }]
      : []),
    ...(ProtocolType === 'HTTP' ? [] : [{ where, problem: 'It must be an HTTP API.' }]),
  ];
};

const ofRoute = (template: Template, where: string, properties: Record<string, unknown>): Finding[] => {
  const { AuthorizationType = 'NONE', AuthorizerId, RouteKey } = properties;
  return [
    ...(AuthorizationType === 'NONE' ? [{ where, problem: `Anybody may call ${RouteKey}.` }] : []),
    ...(AuthorizationType !== 'NONE' &&
    AuthorizationType !== 'AWS_IAM' &&
    !template.Resources[targetOf(AuthorizerId) ?? '']
      ? [{ where, problem: `${RouteKey} names no authorizer of this stack.` }]
      : []),
    ...(String(RouteKey).includes('$default') ? [{ where, problem: 'It answers to every path.' }] : []),
  ];
};

const LIMITS = ['ThrottlingRateLimit', 'ThrottlingBurstLimit'];

const ofStage = (template: Template, where: string, properties: Record<string, unknown>): Finding[] => {
  const { AutoDeploy, DefaultRouteSettings = {}, RouteSettings = {}, AccessLogSettings } = properties;
  const { DestinationArn, Format } = (AccessLogSettings ?? {}) as { DestinationArn?: unknown; Format?: unknown };
  const limits = DefaultRouteSettings as Record<string, unknown>;
  const log = targetOf(DestinationArn);
  return [
    ...(String(AutoDeploy) === 'true' ? [] : [{ where, problem: 'Its routes are never deployed; set AutoDeploy.' }]),
    ...LIMITS.filter((name) => !(Number(limits[name]) > 0)).map((name) => ({
      where,
      problem: `One caller can use up what the account may: it has no ${name}.`,
    })),
    ...Object.entries(RouteSettings as Record<string, Record<string, unknown>>)
      .filter(([, settings]) => LIMITS.some((name) => Number(settings[name]) > Number(limits[name])))
      .map(([route]) => ({ where, problem: `${route} may be called more often than the stage.` })),
    ...(log && template.Resources[log]
      ? ofFormat(where, String(Format))
      : [{ where, problem: 'It has no access log of this stack.' }]),
  ];
};

/** Who asked for what, when, from where, and what came of it. */
const LOGGED = [
  'requestTime',
  'requestId',
  'routeKey',
  'path',
  'status',
  'identity.userArn',
  'authorizer.claims.sub',
  'identity.sourceIp',
  'responseLatency',
  'responseLength',
  'authorizer.error',
  'error.message',
  'integrationErrorMessage',
];

const ofFormat = (where: string, format: string): Finding[] => {
  const logged = new Set([...format.matchAll(/\$([\w.$-]+)/g)].map(([, name]) => name!));
  const wanted = new Set(LOGGED.map((name) => `context.${name}`));
  return [
    ...[...wanted]
      .filter((name) => !logged.has(name))
      .map((name) => ({ where, problem: `Its access log lacks $${name}.` })),
    // Queries, headers and bodies may hold data, or tokens.
    ...[...logged]
      .filter((name) => !wanted.has(name))
      .map((name) => ({ where, problem: `Its access log has $${name}, which may hold data.` })),
    ...(isJson(format) ? [] : [{ where, problem: "Its access log's format isn't JSON on a line." }]),
  ];
};

const isJson = (format: string): boolean => {
  try {
    JSON.parse(format);
    return !format.includes('\n');
  } catch {
    return false;
  }
};
