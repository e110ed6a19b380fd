import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join, relative } from 'node:path';
import { parseCloudFormation } from './cloud-formation-yaml.ts';
import { TemplateError } from './errors.ts';

export interface VariableSources {
  readonly rootDir: string;
  /** The configuration that `${self:…}` points into, its own variables unresolved. */
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly stage: string;
  /** Of the command line: `${opt:…}`. */
  readonly options: Readonly<Record<string, string>>;
  /** `${param:…}`, of the stage. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Files whose content somebody else supplies: they count as empty. */
  readonly withoutFiles: readonly string[];
}

/** Resolves a value's variables of Serverless: `${self:…}`, `${param:…}`, `${opt:…}`, `${sls:stage}` and `${file(…)}`. */
export type ResolveVariables = (value: unknown, where: string) => Promise<unknown>;

export const variableResolver = (sources: VariableSources): ResolveVariables => {
  const files = new Map<string, unknown>();
  /** The variables on the way, to notice one that needs itself. */
  const resolve = async (value: unknown, open: readonly string[]): Promise<unknown> => {
    if (typeof value === 'string') return resolveText(value, open);
    if (Array.isArray(value)) return Promise.all(value.map((item) => resolve(item, open)));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(async ([key, item]) => [key, await resolve(item, open)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };

  const resolveText = async (text: string, open: readonly string[]): Promise<unknown> => {
    const match = INNERMOST.exec(text);
    if (!match) return text;
    const [variable, source] = match as unknown as [string, string];
    const value = await resolveSources(source, [...open, variable]);
    if (variable === text) return value;
    if (typeof value === 'object') throw new TemplateError(`${variable} is no text, but stands within “${text}”.`);
    return resolveText(
      text.replace(variable, () => String(value)),
      open,
    );
  };

  /** The first of `opt:stage, 'dev'` that has a value. */
  const resolveSources = async (list: string, open: readonly string[]): Promise<unknown> => {
    if (open.slice(0, -1).includes(open.at(-1)!)) throw new TemplateError(`${open.at(-1)} needs itself.`);
    for (const source of list.split(/,\s*(?=(?:[^'"]*['"][^'"]*['"])*[^'"]*$)/)) {
      const value = await resolveSource(source.trim(), open);
      if (value !== undefined) return resolve(value, open);
    }
    throw new TemplateError(`Nothing is known for \${${list}}.`);
  };

  const resolveSource = async (source: string, open: readonly string[]): Promise<unknown> => {
    const text = /^(?:'(.*)'|"(.*)")$/.exec(source);
    if (text) return text[1] ?? text[2];
    const [, type = '', parameter, address = ''] = /^(\w+)(?:\(([^)]*)\))?(?::(.*))?$/.exec(source) ?? [];
    if (type === 'file' && parameter !== undefined) return at(await readFile(parameter, open), address, source);
    if (parameter === undefined && Object.hasOwn(PLACES, type)) return PLACES[type]!(address, source);
    throw new TemplateError(`\${${source}} is a variable that the local cloud doesn't know.`);
  };

  const PLACES: Readonly<Record<string, (address: string, source: string) => unknown>> = {
    self: (address, source) => at(sources.configuration, address, source),
    param: (name) => sources.params[name],
    opt: (name) => sources.options[name],
    sls: (name) => (name === 'stage' ? sources.stage : undefined),
  };

  /** A step of the path may be a variable itself. */
  const at = async (value: unknown, address: string, source: string): Promise<unknown> => {
    let found = value;
    for (const key of address === '' ? [] : address.split('.')) {
      found = typeof found === 'string' ? await resolveText(found, [`\${${source}}`]) : found;
      found = (found as Record<string, unknown> | undefined)?.[key];
    }
    return found;
  };

  const readFile = async (path: string, open: readonly string[]): Promise<unknown> => {
    const file = join(sources.rootDir, path);
    if (relative(sources.rootDir, file).startsWith('..')) throw new TemplateError(`${path} is outside of the project.`);
    if (sources.withoutFiles.includes(path)) return {};
    const read = READERS[extname(path)];
    if (!read) throw new TemplateError(`${path} is of a type that the local cloud can't read.`);
    if (!files.has(path)) files.set(path, await read(file, (source) => resolveSources(source, open)));
    return files.get(path);
  };

  return async (value, where) => {
    try {
      return await resolve(value, []);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw new TemplateError(`${where}: ${error.message}`, { cause: error });
    }
  };
};

/** A variable without another one inside. CloudFormation's `${Bucket.Arn}` and `${AWS::Region}` are none. */
const INNERMOST = /\$\{(\w+(?::(?!:)|\()[^${}]*)\}/;

type Reader = (file: string, resolveVariable: (source: string) => Promise<unknown>) => unknown;

const readYaml: Reader = (file) => parseCloudFormation(readFileSync(file, 'utf8'));

const READERS: Readonly<Record<string, Reader>> = {
  '.yml': readYaml,
  '.yaml': readYaml,
  '.json': (file) => JSON.parse(readFileSync(file, 'utf8')) as unknown,
  '.cjs': (file, resolveVariable) => {
    const exported: unknown = createRequire(file)(file);
    return typeof exported === 'function' ? exported({ resolveVariable }) : exported;
  },
};
