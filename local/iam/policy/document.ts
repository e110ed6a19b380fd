import type { PolicyDocument } from '../iam.ts';
import { type PolicyKind, readStatement, type Statement } from './statement.ts';

/** A policy that the local cloud doesn't understand in full, and so doesn't take at all. */
export class MalformedPolicyError extends Error {
  override readonly name = 'MalformedPolicyError';

  constructor(mistakes: readonly string[]) {
    super(`The policies can't be deployed:\n${mistakes.map((mistake) => `- ${mistake}`).join('\n')}`);
  }
}

const VERSION = '2012-10-17';

/**
 * Reads a policy's statements; what isn't understood is added to `mistakes`, each with where it stands.
 *
 * @param policy its name, or the ARN of what it belongs to.
 */
export const readDocument = (
  document: PolicyDocument,
  { kind, policy, place }: { readonly kind: PolicyKind; readonly policy: string; readonly place: string },
  mistakes: string[],
): readonly Statement[] => {
  const { Version: version, Statement: given, ...others } = document as PolicyDocument & Record<string, unknown>;
  // An older version, which is the default, has no policy variables and no escapes.
  if (version !== VERSION) mistakes.push(`${place}: Version is ${JSON.stringify(version)}, not "${VERSION}"`);
  for (const element of Object.keys(others)) {
    if (element !== 'Id') mistakes.push(`${place}: the element ${element} is not known`);
  }
  if (typeof given !== 'object' || given === null) {
    mistakes.push(`${place}: there is no Statement`);
    return [];
  }
  const statements = (Array.isArray(given) ? given : [given]) as readonly Readonly<Record<string, unknown>>[];
  return statements.map((statement, index) => {
    const sid = statement.Sid as string | undefined;
    const found: string[] = [];
    const read = readStatement(statement, kind, { policy, statement: index, ...(sid !== undefined && { sid }) }, found);
    mistakes.push(...found.map((mistake) => `${place}, statement ${sid ?? index}: ${mistake}`));
    return read;
  });
};
