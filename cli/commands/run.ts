import { InvalidInputError } from '#shared/errors.ts';
import { parseExact } from '#shared/json/exact-json.ts';
import { applyOverrides, OVERRIDABLE_PATHS, type Overrides } from '#shared/pipeline/overrides.ts';
import { loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { PipelineMode } from '#shared/pipeline/run-mode.ts';
import { printEnding } from '../ending.ts';
import { runPipeline } from '../run-pipeline.ts';
import { pipelinesDir, withLastingCloud } from '../session.ts';
import { UsageError } from '../usage.ts';
import type { Command } from './command.ts';

export const run: Command = {
  usage: 'run <pipeline> [--mode full|train|score] [--set path=value …] [--fresh]',
  summary: 'Runs a pipeline and shows how it goes. --set replaces a setting of its pipeline.yml for this run.',
  details: [
    '  --mode full    train, deploy and predict, as far as pipeline.yml defines them (default)',
    '  --mode train   train and register a model, and stop there',
    '  --mode score   predict with the model in use',
    '  --set          may be given many times; the value is JSON, or else text:',
    '                 npx fedml run flights --set training.hyperparameters.max-iter=50 --set deployment.smokeTestRows=20',
    `                 Can be set: ${OVERRIDABLE_PATHS.join(', ')}.`,
    '  --fresh        reuse nothing of earlier runs: read, train and predict anew; the same as --set reuse=false',
    '',
    '  Ctrl-C stops the run.',
  ],
  options: { mode: { type: 'string' }, set: { type: 'string', multiple: true }, fresh: { type: 'boolean' } },
  positionals: [1, 1],
  async run({ positionals, options, out }) {
    const pipeline = positionals[0]!;
    const settings = (options.set as string[] | undefined) ?? [];
    const overrides = parseOverrides(options.fresh ? [...settings, 'reuse=false'] : settings);
    const mode = parseMode(options.mode as string | undefined);
    // Mistakes are told before anything is started; the state machine's first step checks them again.
    applyOverrides(await loadDefinition(pipelinesDir(), pipeline), overrides);
    const request = { pipeline, ...(mode && { mode }), ...(Object.keys(overrides).length > 0 && { overrides }) };
    return withLastingCloud(out, async (cloud) => printEnding(await runPipeline(cloud, request, out), pipeline, out));
  },
};

const parseMode = (text: string | undefined): PipelineMode | undefined => {
  if (text === undefined || PipelineMode.options.includes(text as PipelineMode))
    return text as PipelineMode | undefined;
  throw new UsageError(`--mode takes ${PipelineMode.options.join(', ')}, and got: ${text}`);
};

/** `training.hyperparameters.max-iter=50`: a value that is JSON is taken as JSON, anything else as text. */
const parseOverrides = (settings: readonly string[]): Overrides => {
  const malformed = settings.filter((setting) => !/^[^=]+=/.test(setting));
  if (malformed.length > 0) throw new UsageError(`--set takes path=value, and got: ${malformed.join(', ')}`);
  const entries = settings.map((setting) => {
    const at = setting.indexOf('=');
    return [setting.slice(0, at), parseValue(setting.slice(at + 1))] as const;
  });
  const paths = entries.map(([path]) => path);
  const doubled = paths.find((path, index) => paths.indexOf(path) !== index);
  if (doubled)
    throw new InvalidInputError(`--set names ${doubled} twice${doubled === 'reuse' ? ': --fresh sets it too' : ''}.`);
  return Object.fromEntries(entries);
};

const parseValue = (text: string): Overrides[string] => {
  try {
    return parseExact(text) as Overrides[string];
  } catch {
    return text;
  }
};
