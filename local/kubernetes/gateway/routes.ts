import type { ObjectStore } from '../api/object-store.ts';
import { matchesLabels } from '../api/selectors.ts';
import type { StoredObject } from '../api/stored-object.ts';
import { type ApiRuleSpec, isExposed, type Rule } from '../controllers/api-rules.ts';
import { isEnding } from '../controllers/context.ts';
import { isPodReady } from '../controllers/replica-sets.ts';

export interface Route {
  readonly rule: Rule;
  readonly timeoutSeconds: number;
  /** Pods that may answer; those that the gateway can't reach under network policies are left out. */
  readonly pods: readonly StoredObject[];
}

const DEFAULT_TIMEOUT_SECONDS = 180;

/** Which rule of which APIRule a request falls under: the first of the host's that fits. */
export const routeOf = (
  store: ObjectStore,
  domain: string,
  host: string,
  method: string,
  path: string,
): Route | undefined => {
  const apiRule = store.list('APIRule').find((each) => isExposed(each) && fullHost(each, domain) === host);
  if (!apiRule) return undefined;
  const { rules, service, timeout = DEFAULT_TIMEOUT_SECONDS } = apiRule.spec as ApiRuleSpec;
  const rule = rules.find(({ path: pattern, methods }) => pathPattern(pattern).test(path) && methods.includes(method));
  if (!rule) return undefined;
  const { name, namespace = apiRule.metadata.namespace } = (rule.service ?? service)!;
  const found = store.get('Service', namespace, name);
  const { selector = {} } = (found?.spec ?? {}) as { selector?: Record<string, string> };
  const pods = store
    .list('Pod', namespace)
    .filter((pod) => found && !isEnding(pod) && isPodReady(pod) && matchesLabels(pod.metadata.labels, selector))
    .filter(({ metadata }) => metadata.labels?.['networking.kyma-project.io/from-ingressgateway'] === 'allowed');
  return { rule, timeoutSeconds: timeout, pods };
};

const fullHost = ({ spec }: StoredObject, domain: string): string => {
  const [host] = (spec as ApiRuleSpec).hosts;
  return host.includes('.') ? host : `${host}.${domain}`;
};

/** `{*}` is one segment, `{**}` the rest, `/*` everything. */
const pathPattern = (pattern: string): RegExp => {
  if (pattern === '/*') return /^\//;
  const parts = pattern.split(/(\{\*\*\}|\{\*\})/).map((part) => {
    if (part === '{*}') return '[^/]+';
    return part === '{**}' ? '.*' : part.replace(/[.+?^$()|[\]\\*{}]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
};
