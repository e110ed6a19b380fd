import type { Command } from './command.ts';
import { demo } from './demo.ts';
import { deployments } from './deployments.ts';
import { predict } from './predict.ts';
import { query } from './query.ts';
import { run } from './run.ts';
import { runs } from './runs.ts';
import { show } from './show.ts';
import { undeploy } from './undeploy.ts';
import { up } from './up.ts';
import { validate } from './validate.ts';

/** Every word that may follow `fedml`, in the order of the help. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  demo,
  up,
  run,
  runs,
  show,
  predict,
  deployments,
  undeploy,
  query,
  validate,
};
