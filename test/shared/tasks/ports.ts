import type { LogSource } from '#shared/sagemaker/job-log.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { inMemorySageMaker } from '#test/shared/sagemaker/in-memory.ts';
import { inMemoryTaskTokens } from './in-memory.ts';

/** Everything that a waiting step needs, in memory; `logLines` is what every container has logged. */
export const inMemoryPorts = (...tokens: string[]) => {
  const logLines: string[] = [];
  return {
    objectStore: inMemoryObjectStore(),
    sageMaker: inMemorySageMaker(),
    taskTokens: inMemoryTaskTokens(...tokens),
    logLines,
    jobLog: {
      async tail(_source: LogSource, maxLines: number) {
        return logLines.slice(-maxLines);
      },
    },
  };
};

export type InMemoryPorts = ReturnType<typeof inMemoryPorts>;

/** The objects that hold task tokens now. */
export const keptTasks = ({ objectStore }: Pick<InMemoryPorts, 'objectStore'>): string[] =>
  [...objectStore.objects.keys()].filter((uri) => uri.includes('/tasks/'));
