/** Lines that are kept of one run of a container. */
const MAX_LINES = 2_000;

/** What a container wrote: of its present run, and of the one before its last restart. */
export interface ContainerLog {
  add(lines: readonly string[]): void;
  restart(): void;
  readonly current: readonly string[];
  readonly previous: readonly string[] | undefined;
}

export const containerLog = (): ContainerLog => {
  let current: string[] = [];
  let previous: string[] | undefined;
  return {
    add(lines) {
      current.push(...lines);
      if (current.length > MAX_LINES) current = current.slice(-MAX_LINES);
    },
    restart() {
      previous = current;
      current = [];
    },
    get current() {
      return current;
    },
    get previous() {
      return previous;
    },
  };
};
