import type { MapState } from '../definition/asl.ts';
import { ownFailure } from '../interpreter/failure.ts';
import type { Outcome, Visit } from '../interpreter/scope.ts';
import type { ServiceClients } from '../tasks/clients.ts';
export const attemptDistributedMap =
  (_clients: ServiceClients) =>
  async (_visit: Visit<MapState>): Promise<Outcome> => {
    throw ownFailure('States.Runtime', 'later');
  };
