import { GantryError } from '@gantry/runtime/errors.ts';

/** How much each score counts. All scores are 0 to 100; a profile is nothing but these weights. */
export interface ScoreWeights {
  /** Prefers nodes with more room left: spreads load. */
  readonly leastAllocated: number;
  /** Prefers nodes with less room left: fills nodes up. */
  readonly mostAllocated: number;
  /** Prefers nodes whose cpu and memory would be used to equal shares. */
  readonly balancedAllocation: number;
  /** Prefers nodes where the pod takes least of the room that pods of other kinds could use. */
  readonly usableRoom: number;
  /** Prefers nodes and GPU devices where least room is lost for the pods that usually come. */
  readonly gpuPacking: number;
  readonly nodeAffinity: number;
  readonly taintToleration: number;
  readonly imageLocality: number;
  readonly topologySpread: number;
  /** Spreads the pods of a set that say nothing about it over nodes and zones. */
  readonly defaultSpread: number;
  readonly podAffinity: number;
}

/** How the pods of one schedulerName are placed. */
export interface Profile {
  readonly name: string;
  readonly weights: ScoreWeights;
}

/** Kubernetes' default weights of what is not about resources. */
const constraintWeights = { nodeAffinity: 2, taintToleration: 3, imageLocality: 1, topologySpread: 2, podAffinity: 2 };

/** Spreads pods over the nodes: room to breathe for services. */
export const spreadProfile: Profile = {
  name: 'spread',
  weights: {
    leastAllocated: 1,
    mostAllocated: 0,
    balancedAllocation: 1,
    usableRoom: 0,
    gpuPacking: 0,
    defaultSpread: constraintWeights.topologySpread,
    ...constraintWeights,
  },
};

/**
 * Fills nodes up, so that others stay empty: for batch work, and for fewer nodes. Room that others could use is spared;
 * among nodes where the pod spoils as little, the fullest gets it (docs/adr/packing.md).
 */
export const binpackProfile: Profile = {
  name: 'binpack',
  weights: {
    leastAllocated: 0,
    mostAllocated: 0.1,
    balancedAllocation: 0,
    usableRoom: 20,
    gpuPacking: 0,
    defaultSpread: 0,
    ...constraintWeights,
  },
};

/**
 * Keeps room for the GPU pods that usually come: whole nodes, whole devices, shares and models. Images count for
 * nothing: a device that is lost for the life of a pod is dearer than a download. Where no node loses any such room, the
 * fuller one is taken.
 */
export const gpuProfile: Profile = {
  name: 'gpu',
  weights: {
    ...constraintWeights,
    leastAllocated: 0,
    mostAllocated: 0.001,
    balancedAllocation: 0,
    usableRoom: 0,
    gpuPacking: 20,
    defaultSpread: 0,
    imageLocality: 0,
  },
};

/**
 * Profiles by schedulerName. Pods that name no scheduler are spread, as kube-scheduler would: manifests that people
 * bring behave as they know them.
 */
export const defaultProfiles: Readonly<Record<string, Profile>> = {
  'default-scheduler': spreadProfile,
  spread: spreadProfile,
  binpack: binpackProfile,
  gpu: gpuProfile,
};

/**
 * The profiles by schedulerName, some with weights that go before their own.
 * @param weights By profile and score, such as { binpack: { mostAllocated: 8 } }.
 * @throws GantryError (BadRequest) for a profile or score that does not exist, or a weight out of bounds.
 */
export function weighedProfiles(
  weights: Readonly<Record<string, Readonly<Record<string, number>>>>,
): Record<string, Profile> {
  const names = new Set(Object.values(defaultProfiles).map(({ name }) => name));
  for (const name of Object.keys(weights)) {
    if (!names.has(name)) throw unsupported(`weights.${name}`, names);
  }
  return Object.fromEntries(
    Object.entries(defaultProfiles).map(([name, profile]) => [name, withWeights(profile, weights[profile.name] ?? {})]),
  );
}

function withWeights(profile: Profile, weights: Readonly<Record<string, number>>): Profile {
  for (const [name, weight] of Object.entries(weights)) {
    const field = `weights.${profile.name}.${name}`;
    if (!Object.hasOwn(profile.weights, name)) throw unsupported(field, Object.keys(profile.weights));
    if (!Number.isFinite(weight) || weight < 0 || weight > 100) {
      throw new GantryError('BadRequest', `${field}: Invalid value: ${weight}: must be between 0 and 100`);
    }
  }
  return { ...profile, weights: { ...profile.weights, ...weights } };
}

function unsupported(field: string, known: Iterable<string>): GantryError {
  return new GantryError('BadRequest', `${field}: Unsupported value: supported values: ${[...known].join(', ')}`);
}
