import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import noise from '../../tools/judges/noise.json' with { type: 'json' };

const VENV = join(import.meta.dirname, '..', '..', 'tools', 'judges', '.venv');
const COMMAND = join(VENV, 'bin', 'cfn-lint');

export const isCfnLintInstalled = existsSync(COMMAND);

interface Match {
  readonly Rule: { readonly Id: string };
  readonly Message: string;
  readonly Location: { readonly Path: readonly (string | number)[] | null };
}

/** What cfn-lint finds in templates, without what tools/judges/noise.json explains. */
export const lint = async (...files: string[]): Promise<string[]> =>
  (await matchesIn(files)).filter(isNews).map(asText);

/** The entries of noise.json that no finding needs any more. */
export const idleNoise = async (...files: string[]): Promise<string[]> => {
  const matches = await matchesIn(files);
  return noise.filter((each) => !matches.some((match) => explains(each, match))).map(({ rule }) => rule);
};

const matchesIn = (files: readonly string[]): Promise<Match[]> =>
  new Promise((resolve, reject) => {
    // It ends with the kinds of what it has found, as bits.
    execFile(
      COMMAND,
      ['--format', 'json', '--regions', 'eu-central-1', '--', ...files],
      { maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (stdout.trim().startsWith('[')) resolve(JSON.parse(stdout));
        else if (error) reject(new Error(`cfn-lint failed: ${stderr}`, { cause: error }));
        else resolve([]);
      },
    );
  });

const isNews = (match: Match): boolean => !noise.some((each) => explains(each, match));

const explains = ({ rule, message, path }: (typeof noise)[number], match: Match): boolean =>
  rule === match.Rule.Id &&
  new RegExp(message).test(match.Message) &&
  (path === undefined || new RegExp(path).test(pathOf(match)));

const asText = (match: Match): string => `${match.Rule.Id} ${pathOf(match)}: ${match.Message}`;

const pathOf = ({ Location }: Match): string => (Location.Path ?? []).join('/');

/** What the handlers of a type ask for, by the schemas that cfn-lint has of CloudFormation's registry; those of `list` aside. */
export const handlerPermissions = (types: readonly string[]): Record<string, string[]> => {
  const found: Record<string, string[]> = {};
  for (const file of globSync('lib/python*/site-packages/cfnlint/data/schemas/resources/*.json', { cwd: VENV })) {
    const { typeName, handlers = {} } = JSON.parse(readFileSync(join(VENV, file), 'utf8')) as {
      typeName?: string;
      handlers?: Record<string, { permissions?: string[] }>;
    };
    if (typeName === undefined || !types.includes(typeName)) continue;
    const { list: _, ...others } = handlers;
    const actions = Object.values(others).flatMap(({ permissions = [] }) => permissions);
    found[typeName] = [...new Set([...(found[typeName] ?? []), ...actions])].sort();
  }
  return found;
};
