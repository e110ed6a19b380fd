import type { Account } from '#local/stand-in.ts';
import type { Roles } from './access/roles.ts';
import type { Background } from './background.ts';
import type { Announce } from './events.ts';
import type { TagStore } from './tags.ts';

/** What every room of the stand-in is given: its account, its doors to the outside and its settings. */
export interface SageMakerContext {
  readonly account: Account;
  /** Records are below `records/`, the folders of running jobs and servers below `work/`. */
  readonly dataDir: string;
  /** The interpreter that runs scripts and models. */
  readonly python: string;
  readonly s3Endpoint: string;
  readonly roles: Roles;
  readonly tags: TagStore;
  readonly announce: Announce;
  readonly background: Background;
  readonly settings: Settings;
}

/** How the laptop differs from the service; every one has a default. */
export interface Settings {
  /** Spent in `Starting` before a job's download begins. */
  readonly startDelayMs: number;
  /** How long a container may take to pass its first ping, when its variant doesn't say. */
  readonly containerStartupTimeoutMs: number;
  /** How long a container may take to answer one invocation. */
  readonly invocationTimeoutMs: number;
  /** A serverless variant's server is stopped when it was not called for so long. */
  readonly serverlessIdleMs: number;
  /** Whether a `requirements.txt` is installed by pip before a script or a model is started. */
  readonly installRequirements: boolean;
  /** Account limits by their quota's name, such as `ml.m5.large for training job usage`; what is not named is unlimited. */
  readonly quotas: Readonly<Record<string, number>>;
}

export const DEFAULT_SETTINGS: Settings = {
  startDelayMs: 0,
  containerStartupTimeoutMs: 240_000,
  invocationTimeoutMs: 60_000,
  serverlessIdleMs: 60_000,
  installRequirements: false,
  quotas: {},
};
