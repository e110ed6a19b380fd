import type { Command } from './command.ts';

/** Every word that may follow `fedml`, in the order of the help. Each is loaded when it is called: together they load much. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import('./demo.ts')).demo,
  up: async () => (await import('./up.ts')).up,
  run: async () => (await import('./run.ts')).run,
  resume: async () => (await import('./resume.ts')).resume,
  runs: async () => (await import('./runs.ts')).runs,
  show: async () => (await import('./show.ts')).show,
  cost: async () => (await import('./cost.ts')).cost,
  approve: async () => (await import('./approve.ts')).approve,
  reject: async () => (await import('./reject.ts')).reject,
  predict: async () => (await import('./predict.ts')).predict,
  deploy: async () => (await import('./deploy.ts')).deploy,
  rollback: async () => (await import('./rollback.ts')).rollback,
  deployments: async () => (await import('./deployments.ts')).deployments,
  undeploy: async () => (await import('./undeploy.ts')).undeploy,
  query: async () => (await import('./query.ts')).query,
  validate: async () => (await import('./validate.ts')).validate,
  teardown: async () => (await import('./teardown.ts')).teardown,
  doctor: async () => (await import('./doctor.ts')).doctor,
};
