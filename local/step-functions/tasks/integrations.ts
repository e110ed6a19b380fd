import { awsSdk } from './aws-sdk.ts';
import type { ServiceClients } from './clients.ts';
import { putEvents } from './events.ts';
import type { Integration } from './integration.ts';
import { lambdaFunction, lambdaInvoke } from './lambda.ts';
import { type ExecutionClosed, nestedExecution } from './nested-execution.ts';
import type { TaskKind, TaskResource } from './resources.ts';
import type { Roles, SessionOwner } from './roles.ts';

/** The integration that a Task's resource names, called as the role of the execution's machine. */
export const integrations =
  (roles: Roles, closed: ExecutionClosed) =>
  (resource: TaskResource, owner: SessionOwner): Integration =>
    INTEGRATIONS[resource.kind](resource, roles.sessionOf(owner).clients, closed);

type MakeIntegration = (resource: TaskResource, clients: ServiceClients, closed: ExecutionClosed) => Integration;

const INTEGRATIONS: Readonly<Record<TaskKind, MakeIntegration>> = {
  lambdaFunction: ({ resource }, clients) => lambdaFunction(clients, resource),
  lambdaInvoke: (_resource, clients) => lambdaInvoke(clients),
  startExecution: ({ pattern }, clients, closed) => nestedExecution(clients, closed, pattern),
  putEvents: (_resource, clients) => putEvents(clients),
  awsSdk: (resource, clients) => awsSdk(clients, resource),
};
