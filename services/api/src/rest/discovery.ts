import type { Kind } from '@gantry/model/kind.ts';
import { apiVersionOf, resourceOf } from '@gantry/model/registry.ts';
import type { Wanted } from './accept.ts';
import { subresourceDiscovery } from './subresources/subresources.ts';

/** Verbs of resources whose objects are stored. */
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
/** Resources of the category `all`, as `kubectl get all` means it. */
const inAll = ['pods', 'services', 'deployments.apps', 'replicasets.apps'];
const statusVerbs = ['get', 'patch', 'update'];

/** Groups in the order in which Kubernetes lists its own; others come after by name. */
const groupOrder = [
  '',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
];

/** A group with the kinds of each of its versions, the preferred version first. */
interface Group {
  readonly name: string;
  readonly versions: readonly { readonly version: string; readonly kinds: readonly Kind[] }[];
}

/** Groups of the kinds that are served. */
export function groupsOf(kinds: readonly Kind[]): Group[] {
  const byName = Map.groupBy(kinds, ({ group }) => group);
  const rank = (name: string): number => (groupOrder.indexOf(name) + groupOrder.length + 1) % (groupOrder.length + 1);
  return [...byName]
    .map(([name, members]) => ({
      name,
      versions: [...Map.groupBy(members, ({ version }) => version)].map(([version, each]) => ({
        version,
        kinds: each,
      })),
    }))
    .sort((left, right) => rank(left.name) - rank(right.name) || (left.name < right.name ? -1 : 1));
}

/**
 * The discovery document of a path; undefined for a path that is none.
 * @param address `host:port` of the server, which the list of core versions names.
 */
export function discoveryAt(path: string, kinds: readonly Kind[], wanted: Wanted, address: string): object | undefined {
  const groups = groupsOf(kinds);
  const [root, group, version] = path.split('/').slice(1);
  const named = groups.filter(({ name }) => name !== '');
  if (root === 'api') {
    if (group === undefined) {
      return wanted.form === 'discovery' ? aggregated(groups.slice(0, 1), wanted) : coreVersions(groups, address);
    }
    const core = groups[0]?.versions.find((each) => each.version === group);
    return core && resourceList(group, core.kinds);
  }
  if (root !== 'apis') return undefined;
  if (group === undefined) {
    return wanted.form === 'discovery'
      ? aggregated(named, wanted)
      : { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(groupDocument) };
  }
  const found = named.find(({ name }) => name === group);
  if (found === undefined) return undefined;
  if (version === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(found) };
  const served = found.versions.find((each) => each.version === version);
  return served && resourceList(`${group}/${version}`, served.kinds);
}

function coreVersions(groups: readonly Group[], address: string): object {
  return {
    kind: 'APIVersions',
    versions: groups
      .filter(({ name }) => name === '')
      .flatMap(({ versions }) => versions.map(({ version }) => version)),
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

function groupDocument({ name, versions }: Group): object {
  const all = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, preferredVersion: all[0] };
}

function resourceList(groupVersion: string, kinds: readonly Kind[]): object {
  const resources = kinds.flatMap((kind) => {
    const base = { name: kind.plural, singularName: kind.singular, namespaced: kind.namespaced, kind: kind.kind };
    const own = { ...base, verbs: kind.verbs ?? verbs, ...namesOf(kind) };
    const below = subresourcesOf(kind).map(({ subresource, responseKind, verbs: each }) => {
      const { group, version, kind: name } = responseKind;
      const isOwn = group === kind.group && version === kind.version;
      const typed = { ...base, kind: name, ...(isOwn ? {} : { group, version }) };
      return { ...typed, name: `${kind.plural}/${subresource}`, singularName: '', verbs: each };
    });
    return [own, ...below];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

/** All groups in one document (KEP-3352). */
function aggregated(groups: readonly Group[], { version }: Wanted): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: { ...(name === '' ? {} : { name }), creationTimestamp: null },
      versions: versions.map((served) => ({
        version: served.version,
        freshness: 'Current',
        resources: served.kinds.map(resourceDiscovery),
      })),
    })),
  };
}

function namesOf(kind: Kind): object {
  const { shortNames } = kind;
  return {
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(inAll.includes(resourceOf(kind)) ? { categories: ['all'] } : {}),
  };
}

function resourceDiscovery(kind: Kind): object {
  const subresources = subresourcesOf(kind);
  return {
    resource: kind.plural,
    responseKind: typeOf(kind),
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kind.verbs ?? verbs,
    ...namesOf(kind),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}

interface ServedSubresource {
  readonly subresource: string;
  readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly verbs: readonly string[];
}

function subresourcesOf(kind: Kind): ServedSubresource[] {
  const prefix = `${resourceOf(kind)}/`;
  const others = Object.entries(subresourceDiscovery)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, { verbs: each, ...responseKind }]) => ({
      subresource: name.slice(prefix.length),
      responseKind,
      verbs: each,
    }));
  const parts = Object.entries(kind.subresources ?? {})
    .filter(([, { transfer }]) => transfer !== undefined)
    .map(([subresource, { verbs: each }]) => ({ subresource, responseKind: typeOf(kind), verbs: each }));
  const status = { subresource: 'status', responseKind: typeOf(kind), verbs: statusVerbs };
  return [...others, ...parts, ...(kind.hasStatus ? [status] : [])];
}

function typeOf({ group, version, kind }: Kind): ServedSubresource['responseKind'] {
  return { group, version, kind };
}

/** The version that a path of OpenAPI v3 names, such as api/v1 or apis/apps/v1. */
export function openApiPath(kind: Kind): string {
  return kind.group === '' ? `api/${kind.version}` : `apis/${apiVersionOf(kind)}`;
}
