// The logical ids that Serverless gives to what it makes of a function and its events.

export const normalized = (key: string): string =>
  upperFirst(key.replaceAll('-', 'Dash').replaceAll('_', 'Underscore'));

export const functionLogicalId = (key: string): string => `${normalized(key)}LambdaFunction`;

export const logGroupLogicalId = (key: string): string => `${normalized(key)}LogGroup`;

export const eventInvokeConfigLogicalId = (key: string): string => `${normalized(key)}LambdaEvConf`;

/** Of a route such as `GET /runs/{id}`: `HttpApiRouteGetRunsIdVar`. */
export const routeLogicalId = (routeKey: string): string => `HttpApiRoute${routeKey.split('/').map(pathPart).join('')}`;

export const integrationLogicalId = (key: string): string => `HttpApiIntegration${normalized(key)}`;

export const routePermissionLogicalId = (key: string): string => `${normalized(key)}LambdaPermissionHttpApi`;

export const authorizerLogicalId = (name: string): string => `HttpApiAuthorizer${normalized(name)}`;

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const pathPart = (part: string): string =>
  upperFirst(
    part
      .toLowerCase()
      .replaceAll('-', 'Dash')
      .replace(/\{(.*)\}/, '$1Var')
      .replace(/[^0-9A-Za-z]/g, ''),
  );
