import { awsSdk } from './aws-sdk.ts';
import type { ServiceClients } from './clients.ts';
import { putEvents } from './events.ts';
import type { Integration } from './integration.ts';
import { lambdaFunction, lambdaInvoke } from './lambda.ts';
import { type NestedExecutions, nestedExecution } from './nested-execution.ts';
import type { TaskKind, TaskResource } from './resources.ts';

/** The integration that a Task's resource names. */
export const integrations =
  (clients: ServiceClients, nested: NestedExecutions): ((resource: TaskResource) => Integration) =>
  (resource) =>
    INTEGRATIONS[resource.kind](resource, clients, nested);

type MakeIntegration = (resource: TaskResource, clients: ServiceClients, nested: NestedExecutions) => Integration;

const INTEGRATIONS: Readonly<Record<TaskKind, MakeIntegration>> = {
  lambdaFunction: ({ resource }, clients) => lambdaFunction(clients, resource),
  lambdaInvoke: (_resource, clients) => lambdaInvoke(clients),
  startExecution: ({ pattern }, _clients, nested) => nestedExecution(nested, pattern),
  putEvents: (_resource, clients) => putEvents(clients),
  awsSdk: (resource, clients) => awsSdk(clients, resource),
};
