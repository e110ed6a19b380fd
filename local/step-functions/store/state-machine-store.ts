import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';

export interface StateMachineRecord {
  readonly arn: string;
  readonly name: string;
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly definition: string;
  readonly roleArn: string;
  readonly revisionId: string;
  /** Epoch milliseconds. */
  readonly creationDate: number;
  readonly updateDate: number;
  /** Kept and told, without effect here. */
  readonly loggingConfiguration?: unknown;
  readonly tracingConfiguration?: unknown;
  readonly tags: Readonly<Record<string, string>>;
}

/** The state machines, in memory and in one JSON file that is replaced as a whole. */
export interface StateMachineStore {
  /** By ARN, in the order of their creation. */
  readonly machines: ReadonlyMap<string, StateMachineRecord>;
  /** Resolves when it is on disk. */
  save(machine: StateMachineRecord): Promise<void>;
  remove(arn: string): Promise<void>;
}

export const openStateMachineStore = (file: string): StateMachineStore => {
  const machines = new Map(read(file).map((machine) => [machine.arn, machine]));
  let writing = Promise.resolve();
  const write = (): Promise<void> => {
    const text = JSON.stringify([...machines.values()], undefined, 2);
    writing = writing
      .catch(() => {}) // an earlier failure was told to its own caller
      .then(() => writeFile(`${file}.new`, text))
      .then(() => rename(`${file}.new`, file));
    return writing;
  };
  return {
    machines,
    save(machine) {
      machines.set(machine.arn, machine);
      return write();
    },
    remove(arn) {
      machines.delete(arn);
      return write();
    },
  };
};

const read = (file: string): StateMachineRecord[] => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as StateMachineRecord[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};
