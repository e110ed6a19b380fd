import { refuseUnknownKeys, TemplateError } from './errors.ts';
import { logGroup } from './function-resources.ts';
import {
  authorizerLogicalId,
  functionLogicalId,
  integrationLogicalId,
  routeLogicalId,
  routePermissionLogicalId,
} from './logical-ids.ts';
import { defined } from './merge.ts';
import type { HttpApiEvent, JwtAuthorizer, Resource, Service } from './service.ts';

const API_ID = { Ref: 'HttpApi' };

/** What Serverless makes of the functions' `httpApi` events: one API with its stage, and for each event a route. */
export const httpApiResources = ({ functions, provider, name, stage }: Service): Record<string, Resource> => {
  const authorizers = provider.httpApi?.authorizers ?? {};
  const routes = Object.entries(functions).flatMap(([key, { events }]) =>
    events.map((event) => {
      refuseUnknownKeys(event, ['httpApi'], `An event of the function ${key}`);
      return routeResources(key, event.httpApi, authorizers);
    }),
  );
  if (routes.length === 0) return {};
  const format = provider.logs?.httpApi?.format;
  return Object.assign(
    {
      HttpApi: {
        Type: 'AWS::ApiGatewayV2::Api',
        Properties: defined({
          Name: provider.httpApi?.name ?? `${stage}-${name}`,
          ProtocolType: 'HTTP',
          Tags: provider.tags,
        }),
      },
      ...(format !== undefined && { HttpApiLogGroup: logGroup(`/aws/http-api/${name}-${stage}`, provider) }),
      HttpApiStage: stageResource(provider.tags, format),
    },
    ...Object.entries(authorizers).map(([name, authorizer]) => ({
      [authorizerLogicalId(name)]: authorizerResource(name, authorizer),
    })),
    ...routes,
  ) as Record<string, Resource>;
};

const stageResource = (Tags: Readonly<Record<string, string>> | undefined, format: string | undefined): Resource => ({
  Type: 'AWS::ApiGatewayV2::Stage',
  Properties: defined({
    ApiId: API_ID,
    StageName: '$default',
    AutoDeploy: true,
    DefaultRouteSettings: { DetailedMetricsEnabled: false },
    Tags,
    AccessLogSettings:
      format === undefined
        ? undefined
        : { DestinationArn: { 'Fn::GetAtt': ['HttpApiLogGroup', 'Arn'] }, Format: format },
  }),
});

const authorizerResource = (Name: string, authorizer: JwtAuthorizer): Resource => {
  if (authorizer.type !== 'jwt') {
    throw new TemplateError(
      `The authorizer ${Name} is of the type ${authorizer.type}, which the local cloud doesn't know.`,
    );
  }
  return {
    Type: 'AWS::ApiGatewayV2::Authorizer',
    Properties: {
      ApiId: API_ID,
      Name,
      IdentitySource: [authorizer.identitySource],
      AuthorizerType: 'JWT',
      JwtConfiguration: { Audience: authorizer.audience, Issuer: authorizer.issuerUrl },
    },
  };
};

const routeResources = (
  key: string,
  { method, path, authorizer }: HttpApiEvent,
  authorizers: Readonly<Record<string, JwtAuthorizer>>,
): Record<string, Resource> => {
  const routeKey = `${method.toUpperCase()} ${path}`;
  return {
    [routePermissionLogicalId(key)]: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { 'Fn::GetAtt': [functionLogicalId(key), 'Arn'] },
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
        SourceArn: {
          'Fn::Join': [
            '',
            [
              ...['arn:', { Ref: 'AWS::Partition' }, ':execute-api:', { Ref: 'AWS::Region' }, ':'],
              ...[{ Ref: 'AWS::AccountId' }, ':', API_ID, '/*'],
            ],
          ],
        },
      },
    },
    [integrationLogicalId(key)]: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: API_ID,
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { 'Fn::GetAtt': [functionLogicalId(key), 'Arn'] },
        PayloadFormatVersion: '2.0',
        TimeoutInMillis: 30_000,
      },
    },
    [routeLogicalId(routeKey)]: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: API_ID,
        RouteKey: routeKey,
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: integrationLogicalId(key) }]] },
        ...authorization(routeKey, authorizer, authorizers),
      },
    },
  };
};

const authorization = (
  routeKey: string,
  authorizer: HttpApiEvent['authorizer'] | undefined,
  authorizers: Readonly<Record<string, JwtAuthorizer>>,
): object => {
  if (authorizer && 'type' in authorizer && authorizer.type === 'aws_iam') return { AuthorizationType: 'AWS_IAM' };
  if (authorizer && 'name' in authorizer && Object.hasOwn(authorizers, authorizer.name)) {
    return { AuthorizationType: 'JWT', AuthorizerId: { Ref: authorizerLogicalId(authorizer.name) } };
  }
  throw new TemplateError(`The route ${routeKey} has no authorizer that the local cloud knows.`);
};
