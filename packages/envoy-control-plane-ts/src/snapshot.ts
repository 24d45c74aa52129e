/** Snapshots: the whole configuration of a group of clients at one moment, immutable and consistent. */
import { contentHash, type Resource } from './resource.ts';
import { clusterType, endpointType, routeType } from './type-urls.ts';

/** The resources of one type. */
export interface TypeSnapshot {
  /** Follows from the content: the same resources give the same version, on every replica. */
  readonly version: string;
  readonly resources: ReadonlyMap<string, Resource>;
}

/** Everything that the clients of a group may have, by type URL. */
export interface Snapshot {
  /** Follows from the content. */
  readonly version: string;
  readonly types: ReadonlyMap<string, TypeSnapshot>;
}

export interface SnapshotOptions {
  /** Clusters that clients have from their own bootstrap and routes may name. */
  readonly staticClusters?: readonly string[];
}

/** A set of resources that don't fit together. */
export class InconsistentSnapshotError extends Error {
  /** Every problem, in words. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`inconsistent snapshot: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? '; …' : ''}`);
    this.name = 'InconsistentSnapshotError';
    this.problems = problems;
  }
}

const noResources: TypeSnapshot = { version: contentHash(''), resources: new Map() };

/**
 * Makes a snapshot.
 * @throws InconsistentSnapshotError where a name occurs twice, a resource names another that is not there, or endpoints
 * or routes are there that nothing names (a client would never ask for them, so somebody made a mistake).
 */
export function createSnapshot(resources: readonly Resource[], options: SnapshotOptions = {}): Snapshot {
  const byType = new Map<string, Map<string, Resource>>();
  const problems: string[] = [];
  for (const resource of resources) {
    const ofType = byType.get(resource.typeUrl) ?? new Map<string, Resource>();
    if (ofType.has(resource.name)) problems.push(`${describe(resource)} occurs twice`);
    ofType.set(resource.name, resource);
    byType.set(resource.typeUrl, ofType);
  }
  problems.push(...referenceProblems(byType, new Set(options.staticClusters)), ...orphans(byType));
  if (problems.length > 0) throw new InconsistentSnapshotError(problems);
  const types = new Map([...byType].map(([typeUrl, ofType]) => [typeUrl, typeSnapshot(ofType)]));
  const versions = [...types].map(([typeUrl, type]) => `${typeUrl} ${type.version}`).sort();
  return { version: contentHash(versions.join('\n')), types };
}

/** The resources of a type; empty where the snapshot has none. */
export function resourcesOf(snapshot: Snapshot, typeUrl: string): TypeSnapshot {
  return snapshot.types.get(typeUrl) ?? noResources;
}

/** The version of a set of resources, whatever its order. */
export function versionOf(resources: Iterable<Pick<Resource, 'name' | 'version'>>): string {
  const lines = [...resources].map(({ name, version }) => `${name} ${version}`);
  return contentHash(lines.sort().join('\n'));
}

function typeSnapshot(resources: ReadonlyMap<string, Resource>): TypeSnapshot {
  return { version: versionOf(resources.values()), resources };
}

type ByType = ReadonlyMap<string, ReadonlyMap<string, Resource>>;

function referenceProblems(byType: ByType, staticClusters: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  for (const resource of allOf(byType)) {
    for (const reference of resource.references) {
      const isStatic = reference.typeUrl === clusterType && staticClusters.has(reference.name);
      if (isStatic || byType.get(reference.typeUrl)?.has(reference.name)) continue;
      problems.push(`${describe(resource)} names ${describe(reference)}, which is not there`);
    }
  }
  return problems;
}

/** Types that clients ask for only because another resource names them. */
const dependentTypes = [endpointType, routeType];

function orphans(byType: ByType): string[] {
  const named = new Set([...allOf(byType)].flatMap((resource) => resource.references.map(describe)));
  return dependentTypes
    .flatMap((typeUrl) => [...(byType.get(typeUrl)?.values() ?? [])])
    .filter((resource) => !named.has(describe(resource)))
    .map((resource) => `nothing names ${describe(resource)}`);
}

function* allOf(byType: ByType): Generator<Resource> {
  for (const ofType of byType.values()) yield* ofType.values();
}

function describe({ typeUrl, name }: { readonly typeUrl: string; readonly name: string }): string {
  return `${typeUrl.slice(typeUrl.lastIndexOf('.') + 1)} "${name}"`;
}
