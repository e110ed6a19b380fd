import { type Finding, resourcesOf, type Template } from './template.ts';

/** Names that say that a value is a secret; ARNs of secrets are none. */
const SECRET_NAME = /PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|PRIVATE_KEY|ACCESS_KEY/i;

/** Values that are one, whatever they are called. */
const SECRET_VALUES: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  // CloudFormation puts the value in its place, where everybody who may look at the resource reads it.
  { what: 'a secret that CloudFormation resolves', pattern: /\{\{resolve:(secretsmanager|ssm-secure|ssm):/ },
  { what: 'an access key', pattern: /\b(AKIA|ASIA)[A-Z0-9]{16}\b/ },
  { what: 'a private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/ },
  { what: 'a password', pattern: /\b(password|pwd)\s*[=:]\s*\S/i },
  { what: 'credentials in a URL', pattern: /:\/\/[^/\s:@]+:[^/\s@]+@/ },
];

/** Looks for secrets in the template: environment variables and all else that anybody of the account may read. */
export const checkSecrets = (template: Template): Finding[] => [
  ...resourcesOf(template, 'AWS::Lambda::Function').flatMap(([where, { Environment }]) =>
    Object.keys((Environment as { Variables?: object } | undefined)?.Variables ?? {})
      .filter((name) => SECRET_NAME.test(name) && !name.endsWith('_ARN'))
      .map((name) => ({ where, problem: `Its variable ${name} would be readable; hand it the ARN of a secret.` })),
  ),
  ...Object.entries(template.Resources).flatMap(([where, { Properties }]) =>
    SECRET_VALUES.filter(({ pattern }) => [...textsIn(Properties)].some((text) => pattern.test(text))).map(
      ({ what }) => ({
        where,
        problem: `It holds ${what}.`,
      }),
    ),
  ),
  ...Object.entries(template.Parameters ?? {})
    .filter(
      ([, parameter]) =>
        (parameter as { Default?: unknown; NoEcho?: unknown }).NoEcho && (parameter as { Default?: unknown }).Default,
    )
    .map(([where]) => ({ where, problem: 'A secret parameter has a default.' })),
];

function* textsIn(node: unknown): Generator<string> {
  if (typeof node === 'string') yield node;
  if (typeof node !== 'object' || node === null) return;
  for (const value of Object.values(node)) yield* textsIn(value);
}
