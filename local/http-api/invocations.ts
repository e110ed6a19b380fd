import { InvokeCommand, type InvokeCommandOutput, LambdaClient } from '@aws-sdk/client-lambda';
import type { Iam } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import { routeArn } from './arns.ts';
import type { Route } from './routes.ts';

/** Invokes a route's function as API Gateway, which only the function's own policy lets in. */
export interface Invocations {
  invoke(route: Route, event: object): Promise<InvokeCommandOutput>;
  close(): void;
}

export interface InvocationOptions {
  readonly iam: Iam;
  readonly account: Account;
  readonly apiId: string;
  readonly lambdaUrl: string;
}

export const openInvocations = ({ iam, account, apiId, lambdaUrl }: InvocationOptions): Invocations => {
  const clients = new Map<string, LambdaClient>();
  const clientOf = ({ method, path }: Route): LambdaClient => {
    const sourceArn = routeArn(account, apiId, method, path);
    const credentials = iam.serviceKeys('apigateway.amazonaws.com', sourceArn);
    const client =
      clients.get(sourceArn) ?? new LambdaClient({ endpoint: lambdaUrl, region: account.region, credentials });
    clients.set(sourceArn, client);
    return client;
  };
  return {
    invoke: (route, event) =>
      clientOf(route).send(new InvokeCommand({ FunctionName: route.functionName, Payload: JSON.stringify(event) })),
    close() {
      for (const client of clients.values()) client.destroy();
    },
  };
};
