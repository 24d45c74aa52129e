import { builtIn } from '@gantry/model/built-in.ts';
import type { Kind } from '@gantry/model/kind.ts';
import type { Form } from '@gantry/model/registry.ts';
import { byPreference } from '@gantry/model/version-order.ts';
import { virtualKinds } from '@gantry/model/virtual-kinds.ts';
import type { RemoteDocument } from '../aggregation/documents.ts';
import type { Wanted } from './accept.ts';

/** Verbs of resources whose objects are stored. */
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
/** Those of a definition that ends. */
const endingVerbs = ['delete', 'deletecollection', 'get', 'list', 'watch'];
const statusVerbs = ['get', 'patch', 'update'];

/** Versions as API services say it: their places, and those that other servers serve. */
export interface ServedVersions {
  placeOf(group: string, version: string, isBuiltIn: boolean): { readonly group: number; readonly version: number };
  readonly remotes: readonly RemoteDocument[];
}

/** A version of a group, with its forms, or with what another server tells of it. */
interface Version {
  readonly version: string;
  readonly forms: readonly Form[];
  readonly remote?: RemoteDocument;
}

/** A group with its versions, the preferred one first. */
export interface Group {
  readonly name: string;
  readonly versions: readonly Version[];
}

const builtInVersions = new Set([...builtIn.forms, ...virtualKinds.forms].map(({ apiVersion }) => apiVersion));

/** Groups of the forms that are served and of those of other servers, in the order of their places; the core group is the first. */
export function groupsOf(forms: readonly Form[], served: ServedVersions): Group[] {
  const groups = new Map<string, Map<string, Version>>();
  const put = (group: string, version: Version): void => {
    const versions = groups.get(group) ?? new Map<string, Version>();
    groups.set(group, versions.set(version.version, version));
  };
  for (const [apiVersion, each] of Map.groupBy(forms, (form) => form.apiVersion)) {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    put(group!, { version: version!, forms: each });
  }
  for (const remote of served.remotes) put(remote.group, { version: remote.version, forms: [], remote });
  const placed = [...groups].map(([name, versions]) => {
    const all = [...versions.values()].map((each) => {
      const isBuiltIn = builtInVersions.has(name === '' ? each.version : `${name}/${each.version}`);
      return { each, place: served.placeOf(name, each.version, isBuiltIn) };
    });
    all.sort(
      (left, right) => right.place.version - left.place.version || byPreference(left.each.version, right.each.version),
    );
    const place = Math.max(...all.map((version) => version.place.group));
    return { group: { name, versions: all.map(({ each }) => each) }, place };
  });
  const nameOf = ({ group: { name, versions } }: (typeof placed)[number]): string => `${versions[0]?.version}.${name}`;
  const isCore = ({ group }: (typeof placed)[number]): number => Number(group.name === '');
  placed.sort(
    (left, right) =>
      isCore(right) - isCore(left) || right.place - left.place || (nameOf(left) < nameOf(right) ? -1 : 1),
  );
  return placed.map(({ group }) => group);
}

/**
 * The discovery document of a path; undefined for a path that is none.
 * @param address `host:port` of the server, which the list of core versions names.
 */
export function discoveryAt(
  path: string,
  groups: readonly Group[],
  wanted: Wanted,
  address: string,
): object | undefined {
  const [root, group, version] = path.split('/').slice(1);
  const named = groups.filter(({ name }) => name !== '');
  if (root === 'api') {
    if (group === undefined) {
      return wanted.form === 'discovery' ? aggregated(groups.slice(0, 1), wanted) : coreVersions(groups, address);
    }
    const core = groups[0]?.versions.find((each) => each.version === group);
    return core && resourceList(group, core.forms);
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
  if (served?.remote !== undefined) return remoteList(`${group}/${version}`, served.remote);
  return served && resourceList(`${group}/${version}`, served.forms);
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

function resourceList(groupVersion: string, forms: readonly Form[]): object {
  const resources = forms.flatMap((form) => {
    const { kind } = form;
    const base = { name: kind.plural, singularName: kind.singular, namespaced: kind.namespaced, kind: kind.kind };
    const own = { ...base, verbs: verbsOf(kind), ...namesOf(kind) };
    const below = subresourcesOf(form).map(({ subresource, responseKind, verbs: each }) => {
      const { group, version, kind: name } = responseKind;
      const isOwn = group === form.group && version === form.version;
      const typed = { ...base, kind: name, ...(isOwn ? {} : { group, version }) };
      return { ...typed, name: `${kind.plural}/${subresource}`, singularName: '', verbs: each };
    });
    return [own, ...below];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

/** The same of resources that are known by their document alone, such as metrics, of which there is a subresource and no more. */
function remoteList(groupVersion: string, { resources }: RemoteDocument): object {
  const all = resources.flatMap(
    ({ resource: name, scope, singularResource: singularName, responseKind, verbs: own, subresources = [] }) => {
      const base = { singularName, namespaced: scope === 'Namespaced' };
      const below = subresources.map(({ subresource, responseKind: { kind }, verbs: each }) => {
        return { name: `${name}/${subresource}`, ...base, kind, verbs: each };
      });
      return own.length === 0 ? below : [{ name, ...base, kind: responseKind.kind, verbs: own }, ...below];
    },
  );
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: all };
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
        freshness: served.remote?.isStale ? 'Stale' : 'Current',
        resources: served.remote?.resources ?? served.forms.map(resourceDiscovery),
      })),
    })),
  };
}

function verbsOf({ verbs: own, custom, keepsCollections }: Kind): readonly string[] {
  if (keepsCollections) return verbs.filter((verb) => verb !== 'deletecollection');
  return own ?? (custom?.isTerminating ? endingVerbs : verbs);
}

function namesOf({ shortNames, categories = [] }: Kind): object {
  return { ...(shortNames.length > 0 ? { shortNames } : {}), ...(categories.length > 0 ? { categories } : {}) };
}

function resourceDiscovery(form: Form): object {
  const { kind } = form;
  const subresources = subresourcesOf(form);
  return {
    resource: kind.plural,
    responseKind: typeOf(form),
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: verbsOf(kind),
    ...namesOf(kind),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}

interface ServedSubresource {
  readonly subresource: string;
  readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly verbs: readonly string[];
}

/** The subresources that a kind declares, its status among them, in order of name. */
export function subresourcesOf(form: Form): ServedSubresource[] {
  const { subresources = {}, hasStatus } = form.kind;
  const declared = Object.entries(subresources).map(([subresource, { verbs: each, type }]) => {
    return { subresource, responseKind: type ?? typeOf(form), verbs: each };
  });
  const status = hasStatus ? [{ subresource: 'status', responseKind: typeOf(form), verbs: statusVerbs }] : [];
  return [...declared, ...status].sort((left, right) => (left.subresource < right.subresource ? -1 : 1));
}

function typeOf({ group, version, kind }: Form): ServedSubresource['responseKind'] {
  return { group, version, kind: kind.kind };
}

/** The version that a path of OpenAPI v3 names, such as api/v1 or apis/apps/v1. */
export function openApiPath({ group, apiVersion }: Form): string {
  return group === '' ? `api/${apiVersion}` : `apis/${apiVersion}`;
}
