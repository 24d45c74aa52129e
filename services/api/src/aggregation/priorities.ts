/** Place of a version of a group in discovery: of the group among all, and of the version in it; the highest first. */
export interface VersionPlace {
  readonly group: number;
  readonly version: number;
}

/** Kubernetes' places of the groups that it has itself (cmd/kube-apiserver/app/aggregator.go), with those of their versions. */
const places: Readonly<Record<string, readonly [number, Readonly<Record<string, number>>]>> = {
  '': [18_000, { v1: 1 }],
  apps: [17_800, { v1: 15 }],
  'events.k8s.io': [17_750, { v1: 15 }],
  'authentication.k8s.io': [17_700, { v1: 15 }],
  'authorization.k8s.io': [17_600, { v1: 15 }],
  autoscaling: [17_500, { v1: 15, v2: 30 }],
  batch: [17_400, { v1: 15 }],
  'certificates.k8s.io': [17_300, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'networking.k8s.io': [17_200, { v1: 15, v1beta1: 9 }],
  policy: [17_100, { v1: 15 }],
  'rbac.authorization.k8s.io': [17_000, { v1: 15 }],
  'storage.k8s.io': [16_800, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'apiextensions.k8s.io': [16_700, { v1: 15 }],
  'admissionregistration.k8s.io': [16_700, { v1: 15, v1beta1: 12, v1alpha1: 9 }],
  'scheduling.k8s.io': [16_600, { v1: 15 }],
  'coordination.k8s.io': [16_500, { v1: 15, v1beta1: 13, v1alpha2: 12 }],
  'node.k8s.io': [16_300, { v1: 15 }],
  'discovery.k8s.io': [16_200, { v1: 15 }],
  'resource.k8s.io': [16_200, { v1: 21, v1beta2: 15, v1beta1: 9, v1alpha3: 1 }],
  'flowcontrol.apiserver.k8s.io': [16_100, { v1: 21 }],
  'storagemigration.k8s.io': [15_800, { v1: 15, v1beta1: 9 }],
  // Metrics have the places that metrics-server and its like ask for.
  'metrics.k8s.io': [100, { v1beta1: 100 }],
  'custom.metrics.k8s.io': [100, { v1beta1: 100, v1beta2: 200 }],
  'external.metrics.k8s.io': [100, { v1beta1: 100 }],
};
/** Groups that others may serve in the api's place: their API services are users' own once they exist. */
export const handedOver: ReadonlySet<string> = new Set([
  'metrics.k8s.io',
  'custom.metrics.k8s.io',
  'external.metrics.k8s.io',
]);
/** Place of Gantry's own groups: after all of Kubernetes'. */
const ownPlace: VersionPlace = { group: 15_000, version: 15 };
/** Place of the group of API services itself: before all others, whatever these say. */
const firstPlace: VersionPlace = { group: 20_001, version: 20_001 };
/** Place of versions that definitions make, as Kubernetes has it: equal ones go by their names. */
export const customPlace: VersionPlace = { group: 1_000, version: 100 };
/** The group of API services. */
export const registrationGroup = 'apiregistration.k8s.io';

/** The place of a version that the api has of its own. */
export function builtInPlace(group: string, version: string): VersionPlace {
  if (group === registrationGroup) return firstPlace;
  const known = places[group];
  return known === undefined ? ownPlace : { group: known[0], version: known[1][version] ?? 9 };
}
