import type { NodeFilter, PreparedFilter } from '../plugin.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { ClaimInfo } from '../state/volumes.ts';
import { type Candidate, candidatesFor, isInPlace, reachability, reservedVolumes } from './volume-match.ts';

const conflict = 'node(s) had volume node affinity conflict';
const nothingToBind = "node(s) didn't find available persistent volumes to bind";
const lostVolume = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';

/** Why a node cannot give a claim its volume; undefined where it can. */
type ClaimTest = (node: number) => string | undefined;

/** Keeps pods on the nodes from which their volumes can be reached, or where volumes can be had for them. */
export const volumeBinding: NodeFilter = {
  name: 'VolumeBinding',
  stage: 'node',
  unblockedBy: ['nodeAdded', 'nodeLabels', 'volumes', 'podGone'],
  prepare({ requirement: { claims } }, cluster) {
    if (claims.length === 0) return undefined;
    const problem = claims.map((key) => problemOf(key, cluster)).find((text) => text !== undefined);
    if (problem !== undefined) return blocked(problem);
    const bound: ClaimTest[] = [];
    const unbound: string[] = [];
    for (const key of claims) {
      const { volumeName } = cluster.volumes.claims.get(key)!;
      if (volumeName === '') unbound.push(key);
      else bound.push(boundTest(volumeName, cluster));
    }
    const tests = unbound.length === 0 ? bound : [...bound, unboundTest(unbound, cluster)];
    const reasonFor: ClaimTest = (node) => {
      for (const test of tests) {
        const reason = test(node);
        if (reason !== undefined) return reason;
      }
      return undefined;
    };
    return {
      passes: (node) => reasonFor(node) === undefined,
      reasons: (node) => [reasonFor(node)!],
      helpedByPreemption: () => false,
    };
  },
};

/** No node will do, for a reason that lies with the claim. */
function blocked(problem: string): PreparedFilter {
  return { passes: () => false, reasons: () => [problem], helpedByPreemption: () => false, refusesAll: problem };
}

function problemOf(key: string, { volumes }: ClusterState): string | undefined {
  const claim = volumes.claims.get(key);
  const name = JSON.stringify(key.slice(key.indexOf('/') + 1));
  if (claim === undefined) return `persistentvolumeclaim ${name} not found`;
  if (claim.terminating) return `persistentvolumeclaim ${name} is being deleted`;
  const waits = volumes.classes.get(claim.storageClassName)?.waitsForConsumer ?? false;
  return claim.volumeName === '' && !waits ? 'pod has unbound immediate PersistentVolumeClaims' : undefined;
}

function boundTest(volumeName: string, { volumes, nodes }: ClusterState): ClaimTest {
  const volume = volumes.volumes.get(volumeName);
  if (volume === undefined) return () => lostVolume;
  const reaches = reachability(volume, nodes);
  return (node) => (reaches(node) ? undefined : conflict);
}

interface Wanted {
  readonly candidates: readonly Candidate[];
  /** Nodes on which a volume can be provisioned; none without a provisioner. */
  readonly canMake: (node: number) => boolean;
  /** Nodes of pods that use the claim already: its volume will be there. */
  readonly usedOn: readonly number[];
}

/** Claims that wait for their first pod: the node must have a volume for each, or one can be made there. */
function unboundTest(keys: readonly string[], cluster: ClusterState): ClaimTest {
  const { volumes } = cluster;
  const reserved = reservedVolumes(cluster);
  const wanted = keys.map((key): Wanted => {
    const claim = volumes.claims.get(key)!;
    const usedOn = [...volumes.nodesUsing(key)];
    const candidates = candidatesFor(key, claim, cluster).filter(({ volume }) => !reserved.has(volume.name));
    return { candidates, usedOn, canMake: makingTest(claim, cluster) };
  });
  return (node) => {
    const taken = new Set<string>();
    for (const { candidates, canMake, usedOn } of wanted) {
      if (usedOn.length > 0) {
        if (!usedOn.includes(node)) return conflict;
        continue;
      }
      const found = candidates.find(({ volume, reaches }) => !taken.has(volume.name) && reaches(node));
      if (found !== undefined) taken.add(found.volume.name);
      else if (!canMake(node)) return nothingToBind;
    }
    return undefined;
  };
}

function makingTest({ storageClassName }: ClaimInfo, { volumes, nodes }: ClusterState): (node: number) => boolean {
  const storageClass = volumes.classes.get(storageClassName);
  if (storageClass === undefined || !storageClass.makesVolumes) return () => false;
  const { topologies } = storageClass;
  if (topologies.length === 0) return () => true;
  const places = topologies.map((demands) => isInPlace(demands, nodes));
  return (node) => places.some((isThere) => isThere(node));
}
