import { decideModel } from '../decide-model.ts';
import { withCloud } from '../session.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const approve: Command = {
  usage: 'approve <run> [--reason text]',
  summary: 'Approves the model of a run that waits for it: the run goes on and deploys it.',
  options: { reason: { type: 'string' } },
  positionals: [1, 1],
  run: ({ positionals, options, out }) =>
    withCloud(out, async () => {
      const reason = (options.reason as string | undefined) ?? 'Approved by the command line.';
      const modelPackageArn = await decideModel({ runId: positionals[0]!, status: 'Approved', reason });
      out.print(`Approved: ${modelPackageArn}`);
      return EXIT.done;
    }),
};
