import { timestamp } from '../api/object-store.ts';
import { matchesLabels } from '../api/selectors.ts';
import type { StoredObject } from '../api/stored-object.ts';
import { type ControllerContext, isEnding } from './context.ts';
import { hasSidecar } from './sidecar.ts';

export interface ApiRuleSpec {
  readonly hosts: readonly [string];
  readonly gateway?: string;
  readonly service?: { readonly name: string; readonly port: number; readonly namespace?: string };
  readonly timeout?: number;
  readonly rules: readonly Rule[];
}

export interface Rule {
  readonly path: string;
  readonly methods: readonly string[];
  readonly service?: ApiRuleSpec['service'];
  readonly noAuth?: boolean;
  readonly jwt?: Jwt;
  readonly extAuth?: unknown;
}

export interface Jwt {
  readonly authentications?: readonly { readonly issuer: string; readonly jwksUri: string }[];
  readonly authorizations?: readonly {
    readonly audiences?: readonly string[];
    readonly requiredScopes?: readonly string[];
  }[];
}

interface Outcome {
  readonly state: 'Ready' | 'Warning' | 'Error';
  readonly description: string;
}

/** A change is looked at after a moment, so that for a moment the status is that of the time before. */
const REACTION_SECONDS = 0.5;
/** Rules that aren't ready are looked at again: api-gateway's period for errors. */
const RETRY_SECONDS = 60;

/** Does with APIRules what Kyma's API gateway does: checks what the schema can't, and says in the status how it went. */
export const apiRuleController = (context: ControllerContext) => {
  const { store, now, secondMs, lookAgainAfter } = context;
  const seen = new Map<string, { readonly generation: number; readonly due: number; readonly isDone: boolean }>();
  return (): void => {
    for (const apiRule of store.list('APIRule')) {
      const { uid, generation = 0 } = apiRule.metadata;
      const known = seen.get(uid);
      if (known?.generation !== generation) {
        seen.set(uid, { generation, due: performance.now() + REACTION_SECONDS * secondMs, isDone: false });
        lookAgainAfter(REACTION_SECONDS);
        continue;
      }
      if (known.isDone || performance.now() < known.due) continue;
      const outcome = judge(context, apiRule);
      const isDone = outcome.state === 'Ready';
      seen.set(uid, { generation, due: performance.now() + RETRY_SECONDS * secondMs, isDone });
      if (!isDone) lookAgainAfter(RETRY_SECONDS);
      store.put({ ...apiRule, status: { ...outcome, lastProcessedTime: nextTime(apiRule, now()) } });
    }
  };
};

/** The clock has whole seconds; two looks at a rule never have the same one. */
const nextTime = ({ status }: StoredObject, now: Date): string => {
  const { lastProcessedTime } = (status ?? {}) as { lastProcessedTime?: string };
  const after = lastProcessedTime ? Date.parse(lastProcessedTime) + 1000 : 0;
  return timestamp(new Date(Math.max(now.getTime(), after)));
};

const judge = ({ store }: ControllerContext, apiRule: StoredObject): Outcome => {
  const { hosts, gateway = '', service, rules } = apiRule.spec as ApiRuleSpec;
  const error = (description: string): Outcome => ({
    state: 'Error',
    description: `Validation errors: ${description}`,
  });
  const [gatewayNamespace, gatewayName = ''] = gateway.split('/');
  if (!gateway) return error('Attribute "spec.gateway": Gateway not specified');
  if (!store.get('Gateway', gatewayNamespace, gatewayName))
    return error('Attribute ".spec.gateway": Gateway not found');
  const occupant = store
    .list('APIRule')
    .find((other) => other.metadata.uid !== apiRule.metadata.uid && isExposed(other) && hostOf(other) === hosts[0]);
  if (occupant) return error('Attribute ".spec.hosts[0]": Host is occupied by another Virtual Service');
  for (const [index, rule] of rules.entries()) {
    const problem = ruleProblem(rule, service);
    if (problem) return error(`Attribute ".spec.rules[${index}]${problem}`);
    const target = (rule.service ?? service)!;
    const namespace = target.namespace ?? apiRule.metadata.namespace!;
    const found = store.get('Service', namespace, target.name);
    if (!found)
      return error(`Attribute ".spec.rules[${index}].service": Service ${namespace}/${target.name} not found`);
    const { selector } = found.spec as { selector?: Record<string, string> };
    if (!selector) return error(`Attribute ".spec.rules[${index}].service": Service has no selector`);
    const bare = store
      .list('Pod', namespace)
      .find((pod) => !isEnding(pod) && matchesLabels(pod.metadata.labels, selector) && !hasSidecar(pod));
    if (bare) {
      const description = `Pod ${namespace}/${bare.metadata.name} does not have an injected istio sidecar`;
      return {
        state: 'Warning',
        description: `Validation errors: Attribute ".spec.rules[${index}].jwt": ${description}`,
      };
    }
  }
  return { state: 'Ready', description: 'Reconciled successfully' };
};

const hostOf = ({ spec }: StoredObject): string => (spec as ApiRuleSpec).hosts[0];

/** A rule that was valid once has its host. */
export const isExposed = ({ status }: StoredObject): boolean =>
  ['Ready', 'Warning'].includes((status as { state?: string } | undefined)?.state ?? '');

const ruleProblem = ({ service: own, jwt, extAuth }: Rule, service: ApiRuleSpec['service']): string | undefined => {
  if (!own && !service) return '.service": No service defined';
  if (extAuth) return '.extAuth": Ext auth provider is not configured';
  if (!jwt) return undefined;
  if (!jwt.authentications?.length) return '.jwt": At least one authentication must be defined';
  for (const { issuer, jwksUri } of jwt.authentications) {
    if (!issuer) return '.jwt.authentications[0].issuer": value is empty';
    if (issuer.includes(':') && !URL.canParse(issuer))
      return '.jwt.authentications[0].issuer": value is not a valid uri';
    if (!URL.canParse(jwksUri)) return '.jwt.authentications[0].jwksUri": value is not a valid uri';
  }
  return jwt.authorizations?.length === 0 ? '.jwt.authorizations": value is empty' : undefined;
};
