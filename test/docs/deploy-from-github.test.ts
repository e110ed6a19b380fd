import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseCloudFormation } from '#local/template/cloud-formation-yaml.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');
const FOLDER = ['docs', 'examples', 'deploy-from-github'] as const;

interface Job {
  readonly needs?: string | readonly string[];
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly {
    readonly uses?: string;
    readonly run?: string;
    readonly with?: Readonly<Record<string, unknown>>;
  }[];
}

interface Role {
  readonly RoleName: { readonly 'Fn::Sub': string };
  readonly AssumeRolePolicyDocument: { readonly Statement: readonly Statement[] };
  readonly Policies: readonly { readonly PolicyDocument: { readonly Statement: readonly Statement[] } }[];
}

interface Statement {
  readonly Action: string | readonly string[];
  readonly Principal?: { readonly Federated: { readonly 'Fn::Sub': string } };
  readonly Condition?: { readonly StringEquals: Readonly<Record<string, string | { readonly 'Fn::Sub': string }>> };
  readonly Resource?: { readonly 'Fn::Sub': string };
}

const workflow = parse(read(...FOLDER, 'workflow.yml')) as {
  readonly env: { readonly STAGE: string; readonly STACK: string };
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
};
const { Resources } = parseCloudFormation(read(...FOLDER, 'roles.yml')) as {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: Role }>>;
};

/** A text of the template for the workflow's stage. */
const filled = ({ 'Fn::Sub': text }: { readonly 'Fn::Sub': string }): string =>
  text.replaceAll('${Stack}', workflow.env.STACK).replaceAll('${Stage}', workflow.env.STAGE);

const roles = Object.values(Resources)
  .filter(({ Type }) => Type === 'AWS::IAM::Role')
  .map(({ Properties }) => Properties);

const roleNamesOf = ({ steps }: Job): string[] =>
  steps.flatMap((step) => /role\/(.+)$/.exec(String(step.with?.['role-to-assume'] ?? ''))?.[1] ?? []);

const loggingIn = Object.entries(workflow.jobs).filter(([, job]) => roleNamesOf(job).length > 0);

describe('the example of a deployment from GitHub', () => {
  it('packages, shows the changes and deploys, in this order, and packages once only', () => {
    expect(Object.entries(workflow.jobs).map(([name, { needs = [] }]) => [name, [needs].flat()])).toEqual([
      ['package', []],
      ['plan', ['package']],
      ['deploy', ['package', 'plan']],
    ]);
    const commands = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run = '' }) => run));
    expect(commands.filter((run) => run.includes('serverless package'))).toHaveLength(1);
    expect(commands.at(-1)).toMatch(/^npx serverless deploy .*--package package/);
  });

  it('lets only the jobs that log in ask for a token', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const asking = Object.entries(workflow.jobs).filter(([, { permissions }]) => permissions?.['id-token'] === 'write');
    expect(asking.map(([name]) => name)).toEqual(['plan', 'deploy']);
    expect(loggingIn.map(([name]) => name)).toEqual(['plan', 'deploy']);
  });

  it.each(loggingIn)('gives the role of %s to its environment of the one repository', (_, job) => {
    const role = roles.find(({ RoleName }) => filled(RoleName) === roleNamesOf(job)[0])!;
    const [trust, ...others] = role.AssumeRolePolicyDocument.Statement;
    const { 'token.actions.githubusercontent.com:aud': aud, 'token.actions.githubusercontent.com:sub': sub } =
      trust!.Condition!.StringEquals;

    expect(others).toEqual([]);
    expect(trust!.Action).toBe('sts:AssumeRoleWithWebIdentity');
    expect(trust!.Principal!.Federated['Fn::Sub']).toMatch(/:oidc-provider\/token\.actions\.githubusercontent\.com$/);
    expect(aud).toBe('sts.amazonaws.com');
    expect(filled(sub as never)).toBe(`repo:\${Repository}:environment:${job.environment}`);
  });

  it('allows the job that shows the changes what it calls, and no more', () => {
    const { steps } = workflow.jobs.plan!;
    const calls = steps.flatMap(({ run = '' }) => [...run.matchAll(/aws (cloudformation|s3) ([a-z-]+)/g)]);
    const needed = calls.flatMap(([, service, command]) => ACTIONS[`${service} ${command}`] ?? [`unknown ${command}`]);
    const role = roles.find(({ RoleName }) => filled(RoleName).endsWith('-github-plan'))!;
    const statements = role.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);

    expect(calls.length).toBeGreaterThan(0);
    expect(statements.flatMap(({ Action }) => Action).sort()).toEqual([...new Set(needed)].sort());
    expect(statements.map(({ Resource }) => filled(Resource!).split(':').at(-1))).toEqual([
      `stack/${workflow.env.STACK}/*`,
      `${workflow.env.STACK}-code-*/change-sets/*`,
    ]);
  });

  it('deploys by the role of resources/deploy-role.yml, which nobody else of it may take', () => {
    const [first, second] = roleNamesOf(workflow.jobs.deploy!);
    const role = roles.find(({ RoleName }) => filled(RoleName) === first)!;
    const [statement] = role.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);

    expect(second).toBe(`${workflow.env.STACK}-deploy`);
    expect(statement!.Action).toBe('sts:AssumeRole');
    expect(filled(statement!.Resource!)).toMatch(new RegExp(`:role/${second}$`));
    expect(read('resources', 'deploy-role.yml')).toContain('RoleName: !Sub ${Stack}-deploy');
  });
});

/** What the commands of the AWS CLI call; one that waits describes. `create-change-set` reads the template in the caller's name. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'cloudformation describe-stack-resource': ['cloudformation:DescribeStackResource'],
  'cloudformation create-change-set': ['cloudformation:CreateChangeSet', 's3:GetObject'],
  'cloudformation wait': ['cloudformation:DescribeChangeSet'],
  'cloudformation describe-change-set': ['cloudformation:DescribeChangeSet'],
  'cloudformation delete-change-set': ['cloudformation:DeleteChangeSet'],
  's3 cp': ['s3:PutObject'],
};
