import { TemplateError } from './errors.ts';
import type { ResolvedStack } from './stack.ts';

export interface HttpApi {
  readonly id: string;
  readonly routes: readonly HttpApiRoute[];
}

export interface HttpApiRoute {
  readonly method: string;
  /** Such as `/runs/{id}`. */
  readonly path: string;
  readonly functionName: string;
  /** Whose tokens are taken; absent where callers sign by IAM. */
  readonly jwt?: { readonly issuer: string; readonly audience: readonly string[] };
}

/** The stack's HTTP API, if it has one. */
export const httpApiOf = (stack: ResolvedStack): HttpApi | undefined => {
  const [api] = stack.ofType('AWS::ApiGatewayV2::Api');
  if (!api) return undefined;
  const byRef = (type: string): Map<string, Readonly<Record<string, unknown>>> =>
    new Map(stack.ofType(type).map(([id, properties]) => [stack.physical(id).ref, properties]));
  const integrations = byRef('AWS::ApiGatewayV2::Integration');
  const authorizers = byRef('AWS::ApiGatewayV2::Authorizer');
  const routes = stack.ofType('AWS::ApiGatewayV2::Route').map(([id, properties]): HttpApiRoute => {
    const { RouteKey, Target, AuthorizationType, AuthorizerId } = properties as Readonly<Record<string, string>>;
    const [method, path] = RouteKey!.split(' ') as [string, string];
    const { IntegrationUri } = integrations.get(Target!.replace('integrations/', ''))!;
    const functionName = (IntegrationUri as string).split(':').at(-1)!;
    if (AuthorizationType === 'AWS_IAM') return { method, path, functionName };
    const authorizer = authorizers.get(AuthorizerId ?? '');
    if (AuthorizationType !== 'JWT' || !authorizer) throw new TemplateError(`The route ${id} is open to everybody.`);
    const { Issuer, Audience } = authorizer.JwtConfiguration as { Issuer: string; Audience: string[] };
    return { method, path, functionName, jwt: { issuer: Issuer, audience: Audience } };
  });
  return { id: stack.physical(api[0]).ref, routes };
};
