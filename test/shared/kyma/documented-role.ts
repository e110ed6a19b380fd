import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Right } from '#local/kubernetes/api/users.ts';

/** A rule of a Role or ClusterRole. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface RbacObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly name: string };
}

/** Scripts of docs/kyma.md that apply RBAC objects, in their order: the roles, and those for making namespaces. */
const documented = (): RbacObject[][] => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/kyma.md'), 'utf8');
  return [...text.matchAll(/kubectl apply -f - <<'EOF'\n(.*?)\nEOF/gs)].map(([, yaml]) =>
    parseAllDocuments(yaml!).map((document) => document.toJS() as RbacObject),
  );
};

export const rulesOf = (role: string): readonly Rule[] =>
  documented()
    .flat()
    .find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === role)!.rules!;

/** What the service account of docs/kyma.md may do, as RBAC decides it. */
export const documentedRights = ({ makesNamespaces }: { readonly makesNamespaces: boolean }) => {
  const objects = documented()
    .slice(0, makesNamespaces ? 2 : 1)
    .flat();
  const bindings = objects.filter(({ kind }) => kind.endsWith('Binding'));
  return ({ verb, group, resource, namespace, name }: Right): boolean =>
    bindings
      .filter(({ kind, metadata }) => kind === 'ClusterRoleBinding' || metadata.namespace === namespace)
      .flatMap(({ roleRef }) => rulesOf(roleRef!.name))
      .some(
        ({ apiGroups, resources, resourceNames, verbs }) =>
          apiGroups.includes(group) &&
          resources.includes(resource) &&
          verbs.includes(verb) &&
          (resourceNames === undefined || (name !== undefined && resourceNames.includes(name))),
      );
};
