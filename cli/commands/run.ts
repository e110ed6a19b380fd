import { InvalidInputError } from '#shared/errors.ts';
import { runPipeline } from '../run-pipeline.ts';
import { withCloud } from '../session.ts';
import { printEnding } from '../summary.ts';
import { UsageError } from '../usage.ts';
import type { Command } from './command.ts';

export const run: Command = {
  usage: 'run <pipeline> [--mode full|train|score] [--set path=value …]',
  summary: 'Runs a pipeline and shows how it goes. --set replaces a setting of its pipeline.yml for this run.',
  options: { mode: { type: 'string' }, set: { type: 'string', multiple: true } },
  positionals: [1, 1],
  async run({ positionals, options, out }) {
    const overrides = parseOverrides((options.set as string[] | undefined) ?? []);
    const request = {
      pipeline: positionals[0]!,
      ...(options.mode !== undefined && { mode: options.mode as string }),
      ...(Object.keys(overrides).length > 0 && { overrides }),
    };
    return withCloud(out, async (cloud) => printEnding(await runPipeline(cloud, request, out), out));
  },
};

/** `training.hyperparameters.max-iter=50`: a value that is JSON is taken as JSON, anything else as text. */
const parseOverrides = (settings: readonly string[]): Record<string, unknown> => {
  const malformed = settings.filter((setting) => !/^[^=]+=/.test(setting));
  if (malformed.length > 0) throw new UsageError(`--set takes path=value, and got: ${malformed.join(', ')}`);
  const entries = settings.map((setting) => {
    const at = setting.indexOf('=');
    return [setting.slice(0, at), parseValue(setting.slice(at + 1))] as const;
  });
  const paths = entries.map(([path]) => path);
  const doubled = paths.find((path, index) => paths.indexOf(path) !== index);
  if (doubled) throw new InvalidInputError(`--set names ${doubled} twice.`);
  return Object.fromEntries(entries);
};

const parseValue = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
