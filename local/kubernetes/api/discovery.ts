import { apiVersionOf, RESOURCES, type Resource } from './resources.ts';

/** The minor version that the generated models of the Kubernetes client describe. */
const VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0+laptop', platform: 'laptop' };

/** Answers the paths by which clients find out what there is; undefined for all others. */
export const discovery = (path: string): unknown => {
  if (path === '/version') return VERSION;
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups().map(groupEntry) };
  const match = /^\/api(?:s\/([^/]+))?(?:\/([^/]+))?$/.exec(path);
  if (!match) return undefined;
  const [, group = '', version] = match;
  const resources = RESOURCES.filter((each) => each.group === group && (!version || each.version === version));
  if (resources.length === 0) return undefined;
  if (!version) return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) };
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(resources[0]!),
    resources: resources.flatMap(resourceEntries),
  };
};

const groups = (): string[] => [...new Set(RESOURCES.map(({ group }) => group).filter(Boolean))];

const groupEntry = (group: string) => {
  const { version } = RESOURCES.find((each) => each.group === group)!;
  const entry = { groupVersion: `${group}/${version}`, version };
  return { name: group, versions: [entry], preferredVersion: entry };
};

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'patch', 'update'];

const resourceEntries = (resource: Resource) => {
  const { kind, plural, namespaced, shortNames, hasStatus, readOnly } = resource;
  const common = { namespaced, kind, singularName: kind.toLowerCase() };
  const subresource = (name: string, verbs: string[]) => ({
    ...common,
    name: `${plural}/${name}`,
    singularName: '',
    verbs,
  });
  return [
    { ...common, name: plural, shortNames, verbs: readOnly ? [...READ, 'delete'] : [...READ, ...WRITE] },
    ...(hasStatus ? [subresource('status', readOnly ? ['get'] : ['get', 'patch', 'update'])] : []),
    ...(plural === 'pods' ? [subresource('log', ['get'])] : []),
  ];
};
