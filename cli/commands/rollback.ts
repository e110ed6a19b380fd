import { config } from '#shared/config.ts';
import { InvalidInputError } from '#shared/errors.ts';
import { stepFunctionsRunEndings } from '#shared/executions/step-functions.ts';
import { loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { rollBack } from '#shared/predictions/versions.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { pipelinesDir, withCloud } from '../session.ts';
import { EXIT, UsageError } from '../usage.ts';
import type { Command } from './command.ts';

export const rollback: Command = {
  usage: 'rollback <pipeline> --to <run>',
  summary: "Makes the current view of a versioned table show an earlier run's predictions.",
  options: { to: { type: 'string' } },
  positionals: [1, 1],
  async run({ positionals, options, out }) {
    const { to: runId } = options;
    if (typeof runId !== 'string') throw new UsageError(`Usage: fedml ${this.usage}`);
    const { name: pipeline, prediction } = await loadDefinition(pipelinesDir(), positionals[0]!);
    if (prediction?.target.mode !== 'versioned') {
      throw new InvalidInputError(
        `pipelines/${pipeline}/pipeline.yml doesn't have prediction.target.mode: versioned, so that there are no versions to go back to.`,
      );
    }
    return withCloud(out, async ({ stateMachineArns }) => {
      const warehouse = hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn));
      const runs = stepFunctionsRunEndings(() => stateMachineArns.pipeline!);
      const { table } = prediction.target;
      const { schema, view, rowCount, previousRunId } = await rollBack({ warehouse, runs }, { pipeline, table, runId });
      const what = `"${schema}"."${view}" shows the ${rowCount} predictions of ${runId}`;
      out.print(
        previousRunId === runId ? `${what}, as before.` : `${what}; before it showed those of ${previousRunId}.`,
      );
      return EXIT.done;
    });
  },
};
