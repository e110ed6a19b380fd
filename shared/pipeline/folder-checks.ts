import { z } from 'zod';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { applyOverrides, type Overrides } from '#shared/pipeline/overrides.ts';
import type { SettingMistake } from './setting-mistakes.ts';

interface File {
  readonly path: string;
  readonly content: Buffer;
}

/** What the settings of a `pipeline.yml` must be to the folder that it stands in. Each is asked where what it is about is there. */
export const folderMistakes =
  (name: string, files: readonly File[]) =>
  (settings: unknown): SettingMistake[] => [
    ...ask(Name, settings, (given) => nameMistakes(given, name)),
    ...ask(Script, settings, ({ training }) => scriptMistakes(training.entryPoint, files)),
    ...ask(Isolated, settings, () => requirementMistakes(files)),
    ...ask(PipelineDefinition, settings, overrideMistakes),
  ];

const ask = <T extends z.ZodType>(
  about: T,
  settings: unknown,
  check: (settings: z.output<T>) => SettingMistake[],
): SettingMistake[] => {
  const parsed = about.safeParse(settings);
  return parsed.success ? check(parsed.data) : [];
};

const Name = z.object({ name: z.string() });

const nameMistakes = ({ name }: { name: string }, folder: string): SettingMistake[] =>
  name === folder ? [] : [{ path: ['name'], message: `must be the folder's, ${JSON.stringify(folder)}` }];

const Script = z.object({ training: z.object({ entryPoint: z.string().default('train.py') }).prefault({}) });

const scriptMistakes = (entryPoint: string, files: readonly File[]): SettingMistake[] => {
  if (files.some(({ path }) => path === entryPoint)) return [];
  const message = `there is no file ${entryPoint}. The folder holds: ${files.map(({ path }) => path).join(', ')}`;
  return [{ path: ['training', 'entryPoint'], message }];
};

/** An image of one's own may install nothing. */
const Isolated = z.object({
  training: z.object({ networkIsolation: z.literal(true), imageUri: z.undefined().optional() }),
});

/** pip has no network in such a job. What it finds among the files needs none. */
const requirementMistakes = (files: readonly File[]): SettingMistake[] => {
  const text = files.find(({ path }) => path === 'requirements.txt')?.content.toString('utf8') ?? '';
  const lines = text.split(/\r?\n/).map((line) => line.replace(/(^|\s)#.*/, '').trim());
  if (lines.every((line) => line === '') || lines.some((line) => /^--no-index\b/.test(line))) return [];
  return [
    {
      path: ['training', 'networkIsolation'],
      message:
        'keeps pip from the network, and requirements.txt names packages to install. Leave one of the two out, or put wheels ' +
        'beside the script and begin requirements.txt with --no-index and --find-links .',
    },
  ];
};

/** Overrides of a schedule are found wrong when the pipeline is deployed, not in the night in which it is due. */
const overrideMistakes = (definition: PipelineDefinition): SettingMistake[] =>
  definition.schedule.flatMap(({ overrides }, index) => {
    const message = overridesProblem(definition, overrides);
    return message === undefined ? [] : [{ path: ['schedule', index, 'overrides'], message }];
  });

const overridesProblem = (definition: PipelineDefinition, overrides: Overrides): string | undefined => {
  try {
    applyOverrides(definition, overrides);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};
