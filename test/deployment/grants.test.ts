import { beforeAll, describe, expect, it } from 'vitest';
import { loadModelRecord } from '#shared/models/model-record.ts';
import { modelRequest } from '#shared/sagemaker/model.ts';
import { trainingJobRequest } from '#shared/sagemaker/training-job.ts';
import { transformJobRequest } from '#shared/sagemaker/transform-job.ts';
import { PLACES, type Place, uriPattern } from '#shared/store/layout.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenDataset, givenRun } from '#test/shared/pipeline/fixture.ts';
import { checkGrants } from '../../scripts/deployment/check-grants.ts';
import { checkPolicies } from '../../scripts/deployment/check-policies.ts';
import { jobNeeds } from '../../scripts/deployment/job-needs.ts';
import { readTemplate, type Template } from '../../scripts/deployment/template.ts';
import { type CommandFinder, commandFinder } from '../../scripts/deployment/used-commands.ts';
import { PACKAGING_TIMEOUT_MS, packagedProject, ROOT } from './packaged.ts';

let template: Template;
let finder: CommandFinder;

beforeAll(async () => {
  template = readTemplate(await packagedProject());
  finder = commandFinder(ROOT);
}, PACKAGING_TIMEOUT_MS);

interface Allowed {
  readonly role: string;
  /** Where the statement stands in the role's properties. */
  readonly path: readonly (string | number)[];
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}

/** Every statement that allows something, of every role but the schedules': what they need, check-rules.ts tells. */
const statements = (): Allowed[] =>
  Object.entries(template.Resources)
    .filter(([id, { Type }]) => Type === 'AWS::IAM::Role' && id !== 'SchedulesRole')
    .flatMap(([role, { Properties }]) => statementsBelow(role, Properties, []));

const statementsBelow = (role: string, value: unknown, path: readonly (string | number)[]): Allowed[] => {
  if (typeof value !== 'object' || value === null || path.includes('AssumeRolePolicyDocument')) return [];
  if ((value as { Effect?: string }).Effect === 'Allow')
    return [{ ...(value as Pick<Allowed, 'Action' | 'Resource' | 'Condition'>), role, path }];
  return Object.entries(value).flatMap(([key, inner]) => statementsBelow(role, inner, [...path, key]));
};

/** The template with one statement of one role changed, or without it. */
const changed = ({ role, path }: Allowed, change: (statement: Record<string, unknown>) => unknown): Template => {
  const copy = {
    ...template,
    Resources: { ...template.Resources, [role]: structuredClone(template.Resources[role]!) },
  };
  // biome-ignore lint/suspicious/noExplicitAny: it walks a document of CloudFormation's
  const parent = path.slice(0, -1).reduce((node: any, key) => node[key], copy.Resources[role]!.Properties);
  const last = path.at(-1)!;
  parent[last] = change(parent[last]) ?? { Ref: 'AWS::NoValue' };
  return copy;
};

const problemsOf = (changedTemplate: Template, role: string): string[] =>
  [...checkGrants(changedTemplate, finder), ...checkPolicies(changedTemplate)]
    .filter(({ where }) => where === role)
    .map(({ problem }) => problem);

const named = ({ role, Action, path }: Allowed): string => `${role} ${path.join('.')} ${[Action].flat().join()}`;

describe('each grant of the packaged roles', { timeout: 600_000 }, () => {
  it('is missed when it is taken away', () => {
    const unnoticed = statements().flatMap((statement) => [
      ...(problemsOf(
        changed(statement, () => undefined),
        statement.role,
      ).length === 0
        ? [named(statement)]
        : []),
      ...each(statement.Action).filter((_, index) => {
        const without = changed(statement, (given) => ({ ...given, Action: except(statement.Action, index) }));
        return problemsOf(without, statement.role).length === 0;
      }),
      ...each(statement.Resource).filter((_, index) => {
        const without = changed(statement, (given) => ({ ...given, Resource: except(statement.Resource, index) }));
        return problemsOf(without, statement.role).length === 0;
      }),
    ]);

    expect(statements().length).toBeGreaterThan(200);
    expect(unnoticed).toEqual([]);
  });

  it('is too wide on every resource, on the whole bucket, or without its condition', () => {
    const unnoticed = statements().flatMap((statement) => {
      const { role, Resource, Condition } = statement;
      const wider = [Resource].flat().flatMap((resource, index, all) =>
        resource === '*'
          ? []
          : ['*', ...wideningsOf(resource)].map((wide) => ({
              Resource: all.map((other, at) => (at === index ? wide : other)),
            })),
      );
      const changes = [...wider, ...(Condition ? [{ Condition: undefined }] : [])];
      return changes
        .filter(
          (change) =>
            problemsOf(
              changed(statement, (given) => ({ ...given, ...change })),
              role,
            ).length === 0,
        )
        .map((change) => `${named(statement)}: ${JSON.stringify(change)}`);
    });

    expect(unnoticed).toEqual([]);
  });
});

/** The parts of a list that has several; taking the only one away is taking the statement away. */
const each = (value: unknown): string[] =>
  Array.isArray(value) && value.length > 1 ? value.map((part) => JSON.stringify(part)) : [];

const except = (value: unknown, index: number): unknown => (value as unknown[]).filter((_, at) => at !== index);

/** `…/runs/*` to `…/*`, and what a pattern of a name may be widened to. */
const wideningsOf = (resource: unknown): unknown[] => {
  const text = (resource as { 'Fn::Sub'?: string })['Fn::Sub'];
  if (typeof text !== 'string') return [];
  return [text.replace(/[^/:]+\/\*$/, '*'), text.replace(/[^:]+$/, '*')]
    .filter((wide) => wide !== text)
    .map((wide) => ({ 'Fn::Sub': wide }));
};

describe('the roles of jobs', () => {
  const definition = {
    training: { spot: { maxWaitSeconds: 86_400 } },
    prediction: {
      source: { view: 'V_SCORE', key: ['ID'] },
      columns: [{ name: 'P', type: 'DOUBLE' }],
      target: { table: 'T' },
    },
  };

  it.each(['train', 'transform'] as const)(
    'allow what our requests name, and nothing of the records: %s',
    async (kind) => {
      const objectStore = inMemoryObjectStore();
      const run = await givenRun(objectStore, { settings: definition });
      const dataset = await givenDataset(objectStore, 'score', ['ID', 'A'], ['1,2\n']);
      const model = modelRequest(
        await loadModelRecord(objectStore, await givenModel(objectStore)),
        run,
        {},
        { region: 'eu-central-1', modelRoleArn: 'arn:of-the-role' },
      );
      const { reads, writes, role } = {
        train: () => {
          const settings = { region: 'eu-central-1', trainingRoleArn: 'arn:of-the-role' };
          const request = trainingJobRequest('job', run, { train: dataset, test: dataset }, 'image', settings);
          const { OutputDataConfig, CheckpointConfig, ...rest } = request;
          const written = urisIn([OutputDataConfig, CheckpointConfig]);
          return { reads: urisIn([rest, CheckpointConfig]), writes: written, role: 'TrainingRole' };
        },
        transform: () => {
          const { TransformOutput, ...rest } = transformJobRequest('job', run, 'model', dataset);
          return { reads: urisIn([rest, model]), writes: urisIn([TransformOutput]), role: 'ModelRole' };
        },
      }[kind]();

      const needed = jobNeeds(template)[role]!;
      const placesOf = (action: string) => needed.find((each) => each.action === action)!.resources;
      expect([...new Set(reads.map(resourceOf))].sort()).toEqual([...placesOf('s3:GetObject')].sort());
      expect([...new Set(writes.map(resourceOf))].sort()).toEqual([...placesOf('s3:PutObject')].sort());
      expect([...placesOf('s3:GetObject'), ...placesOf('s3:PutObject')].join()).not.toMatch(/\/(runs|models|tasks)\//);
    },
  );
});

const urisIn = (value: unknown): string[] => JSON.stringify(value).match(/s3:\/\/[^"\\]+/g) ?? [];

const resourceOf = (uri: string): string => {
  const place = (Object.keys(PLACES) as Place[]).find((each) => uriPattern(each).test(`${uri}/`));
  return `\${Bucket.Arn}/${place}/*`;
};
