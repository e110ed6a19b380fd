import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { DeployedPolicies, PolicyDocument } from '#local/iam/iam.ts';
import { accountIn } from '#local/iam/policy/accounts.ts';
import type { Decision } from '#local/iam/policy/decide.ts';
import { policyOwner } from '#local/iam/policy/deployment.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';

const TOOL = join(import.meta.dirname, '../../../../tools/iam-judge');

export const isJudgeInstalled = existsSync(join(TOOL, 'node_modules/@cloud-copilot/iam-simulate'));

export type Verdict = 'Allowed' | 'ImplicitlyDenied' | 'ExplicitlyDenied';

export interface Question {
  readonly accountId: string;
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Decision['context'];
  readonly identityPolicies: readonly { readonly name: string; readonly policy: PolicyDocument }[];
  readonly resourcePolicy?: PolicyDocument;
}

export type Answer = { readonly verdict: Verdict } | { readonly error: string };

/** Lets the tool answer questions, in their order. It is another program, to which only text is sent. */
export const askJudge = async (questions: readonly Question[]): Promise<readonly Answer[]> => {
  const judge = spawn(process.execPath, [join(TOOL, 'judge.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  judge.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
  const answers: Answer[] = [];
  for await (const line of createInterface({ input: judge.stdout })) answers.push(JSON.parse(line) as Answer);
  if (judge.exitCode === null) await once(judge, 'exit');
  if (answers.length !== questions.length)
    throw new Error(`${answers.length} of ${questions.length} questions were answered.`);
  return answers;
};

/** A decision of ours as a question to the judge. */
export const questionOf = ({ principal, check, context }: Decision, policies: DeployedPolicies): Question => {
  const role = principal.type === 'role' ? policies.roles.find(({ arn }) => arn === principal.roleArn) : undefined;
  const taken =
    check.action.toLowerCase() === 'sts:assumerole'
      ? policies.roles.find(({ arn }) => arn === check.resource)
      : undefined;
  const resourcePolicy = taken?.trust ?? policies.resourcePolicies[policyOwner(check.resource)];
  return {
    accountId: accountIn(check.resource) ?? LOCAL_ACCOUNT.accountId,
    principal: principal.type === 'service' ? principal.service : principal.arn,
    action: check.action,
    resource: check.resource,
    context,
    identityPolicies:
      principal.type === 'user'
        ? [{ name: 'AdministratorAccess', policy: ADMINISTRATOR }]
        : (role?.policies ?? []).map(({ name, document }) => ({ name, policy: document })),
    ...(resourcePolicy && { resourcePolicy }),
  };
};

const ADMINISTRATOR: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};

export const verdictOf = (decision: Decision): Verdict => {
  if (decision.allowed) return 'Allowed';
  return decision.reason.startsWith('with an explicit deny') ? 'ExplicitlyDenied' : 'ImplicitlyDenied';
};

/**
 * Where the judge is known to decide otherwise than AWS, or to take something for another thing. Each has a way to ask it all
 * the same; `refuses` says that it has no answer, which is checked too.
 */
interface KnownDifference {
  readonly reason: string;
  readonly applies: (question: Question) => boolean;
  readonly rephrase?: (question: Question) => Question;
  readonly refuses?: true;
}

const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    reason:
      'It takes a * in a requested ARN for a wildcard. Another character stands for it, in what policies write as plain characters too.',
    applies: ({ resource }) => resource !== '*' && resource.includes('*'),
    rephrase: (question) =>
      withPolicies({ ...question, resource: question.resource.replaceAll('*', '\uE000') }, (text) =>
        text.replaceAll('${*}', '\uE000'),
      ),
  },
  {
    reason: 'Its * matches no line breaks.',
    applies: ({ resource, context }) => /[\r\n\u2028\u2029]/.test(resource + Object.values(context).join('')),
    rephrase: ({ context, ...question }) =>
      withPolicies(
        {
          ...question,
          resource: withoutBreaks(question.resource),
          context: Object.fromEntries(
            Object.entries(context).map(([key, value]) => [
              key,
              typeof value === 'string' ? withoutBreaks(value) : value.map(withoutBreaks),
            ]),
          ),
        },
        withoutBreaks,
      ),
  },
  {
    reason: "It ignores the case of a pattern's region. A region that doesn't exist stands for one in capitals.",
    applies: ({ resource }) => resource.includes(':eu-central-1:'),
    rephrase: (question) =>
      withPolicies(question, (text) => text.replace(/^(arn:aws:[^:]*):EU-CENTRAL-1:/, '$1:no-region-1:')),
  },
  {
    reason:
      'The reference has no group as a resource of CreateModelPackage, which may ask for it; ours are allowed both.',
    applies: ({ action, resource }) =>
      action === 'sagemaker:CreateModelPackage' && resource.includes(':model-package-group/'),
    refuses: true,
  },
  {
    reason:
      "The reference that it goes by has no resource for states:SendTask*; AWS checks the state machine, as CDK's grantTaskResponse relies on.",
    applies: ({ action, resource }) => action.startsWith('states:SendTask') && resource !== '*',
    refuses: true,
  },
];

const withoutBreaks = (text: string): string => text.replace(/[\r\n\u2028\u2029]/g, '\uE001');

/** With all texts of the policies changed. */
const withPolicies = (question: Question, change: (text: string) => string): Question => ({
  ...question,
  ...JSON.parse(
    JSON.stringify({ identityPolicies: question.identityPolicies, resourcePolicy: question.resourcePolicy }),
    (_, value: unknown) => (typeof value === 'string' ? change(value) : value),
  ),
});

/** What the judge is asked instead, and whether it is known to have no answer. */
export const rephrased = (question: Question): { readonly question: Question; readonly refuses: boolean } => {
  const differences = KNOWN_DIFFERENCES.filter(({ applies }) => applies(question));
  return {
    question: differences.reduce((asked, { rephrase }) => rephrase?.(asked) ?? asked, question),
    refuses: differences.some(({ refuses }) => refuses),
  };
};
