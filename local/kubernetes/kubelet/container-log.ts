/** Lines that are kept of one run of a container. */
const MAX_LINES = 2_000;

/** What a container wrote: of its present run, and of the one before its last restart. */
export interface ContainerLog {
  add(lines: readonly string[]): void;
  restart(): void;
  /** The lines written since then, or all. */
  current(since?: Date): string[];
  readonly previous: readonly string[] | undefined;
}

export const containerLog = (): ContainerLog => {
  let current: { readonly at: number; readonly line: string }[] = [];
  let previous: string[] | undefined;
  return {
    add(lines) {
      const at = Date.now();
      current.push(...lines.map((line) => ({ at, line })));
      if (current.length > MAX_LINES) current = current.slice(-MAX_LINES);
    },
    restart() {
      previous = current.map(({ line }) => line);
      current = [];
    },
    current: (since) => current.filter(({ at }) => !since || at >= since.getTime()).map(({ line }) => line),
    get previous() {
      return previous;
    },
  };
};
