import { defineConfig } from 'vitest/config';
import { DECISIONS_DIR } from './test/grants/decisions-dir.ts';

/**
 * `unit` is pure and in-process; `contract` drives each stand-in through its real client; `e2e` runs whole pipelines; `grants`
 * looks at what those needed of their roles; `judges` asks others' tools, where they are installed.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{contract,e2e,grants,judge}.test.ts'],
          testTimeout: 20_000,
          env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
        },
      },
      {
        test: {
          name: 'contract',
          include: ['test/**/*.contract.test.ts'],
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Processes start and end when a busy machine lets them; Vitest's own second is too short for it.
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        test: {
          name: 'judges',
          include: ['test/**/*.judge.test.ts'],
          pool: 'forks',
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          // Without an order of its own a project without parallel files would be the very last.
          sequence: { groupOrder: 1 },
          globalSetup: 'test/grants/record-decisions.ts',
          env: { FEDML_DECISIONS_DIR: DECISIONS_DIR },
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'grants',
          include: ['test/**/*.grants.test.ts'],
          testTimeout: 120_000,
          sequence: { groupOrder: 2 }, // after `e2e`, which it looks at
        },
      },
    ],
  },
});
