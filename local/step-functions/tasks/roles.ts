import { randomBytes } from 'node:crypto';
import type { Caller, Iam } from '#local/iam/iam.ts';
import type { ExecutionRecord } from '../store/execution-store.ts';
import { type Endpoints, type ServiceClients, serviceClients, taskAgent } from './clients.ts';

/** An execution as a session of its machine's role. Each use throws AccessDenied while the role doesn't trust Step Functions. */
export interface RoleSession {
  readonly clients: ServiceClients;
  /** Asks what the role may do where no request goes out: for what Step Functions does inside itself. */
  caller(): Caller;
}

/** Whose session it is: an execution with the children of its Map Runs share one. */
export type SessionOwner = Pick<ExecutionRecord, 'roleArn' | 'stateMachineArn'> & { readonly family: object };

export interface Roles {
  sessionOf(owner: SessionOwner): RoleSession;
  close(): void;
}

export const openRoles = (
  iam: Iam,
  region: string,
  endpoints: Promise<Endpoints & { readonly sfn: string }>,
): Roles => {
  const httpAgent = taskAgent();
  const sessions = new WeakMap<object, RoleSession>();

  const open = ({ roleArn, stateMachineArn }: SessionOwner): RoleSession => {
    const credentials = iam.sessionKeys(roleArn, newSessionName());
    const assertTaken = (): void => iam.assertTrusts(roleArn, STATES, rootMachineArn(stateMachineArn));
    return {
      clients: serviceClients({ region, endpoints, credentials, httpAgent, assertTaken }),
      caller() {
        assertTaken();
        return iam.callerOf(credentials);
      },
    };
  };

  return {
    sessionOf(owner) {
      const known = sessions.get(owner.family) ?? open(owner);
      sessions.set(owner.family, known);
      return known;
    },
    close: () => httpAgent.destroy(),
  };
};

/** The service principal of Step Functions. */
export const STATES = 'states.amazonaws.com';

/** A Map Run's children are executions of `<machine>/<label>`; policies speak of the machine. */
export const rootMachineArn = (machineArn: string): string => machineArn.replace(/\/[^/:]*$/, '');

/** As in AWS: 32 letters that say nothing. */
export const newSessionName = (): string =>
  Array.from(randomBytes(32), (byte) => LETTERS[byte % LETTERS.length]).join('');

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
