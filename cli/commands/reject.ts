import { decideModel } from '../decide-model.ts';
import { withCloud } from '../session.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const reject: Command = {
  usage: 'reject <run> [--reason text]',
  summary: 'Rejects the model of a run that waits for approval: the run ends, and the old endpoint keeps serving.',
  options: { reason: { type: 'string' } },
  positionals: [1, 1],
  run: ({ positionals, options, out }) =>
    withCloud(out, async () => {
      const reason = (options.reason as string | undefined) ?? 'Rejected by the command line.';
      const modelPackageArn = await decideModel({ runId: positionals[0]!, status: 'Rejected', reason });
      out.print(`Rejected: ${modelPackageArn}`);
      return EXIT.done;
    }),
};
