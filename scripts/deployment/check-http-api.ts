import { type Finding, resourcesOf, type Template, targetOf } from './template.ts';

/** Looks at who may call the HTTP API, how often, and whether it is written down for as long as other logs. */
export const checkHttpApi = (template: Template): Finding[] => [
  ...resourcesOf(template, 'AWS::ApiGatewayV2::Route')
    .filter(([, { AuthorizationType = 'NONE' }]) => AuthorizationType === 'NONE')
    .map(([where, { RouteKey }]) => ({ where, problem: `Anybody may call ${RouteKey}.` })),
  ...resourcesOf(template, 'AWS::ApiGatewayV2::Stage').flatMap(
    ([where, { DefaultRouteSettings, AccessLogSettings }]) => {
      const limits = (DefaultRouteSettings ?? {}) as Record<string, unknown>;
      const missing = ['ThrottlingRateLimit', 'ThrottlingBurstLimit'].filter((name) => !limits[name]);
      const log = targetOf((AccessLogSettings as { DestinationArn?: unknown } | undefined)?.DestinationArn);
      return [
        ...missing.map((name) => ({
          where,
          problem: `One caller can use up what the account may: it has no ${name}.`,
        })),
        ...(log && template.Resources[log] ? [] : [{ where, problem: 'It has no access log of this stack.' }]),
      ];
    },
  ),
];
