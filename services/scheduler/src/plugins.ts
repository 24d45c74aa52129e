import { gpuDevices } from './filter/gpu-devices.ts';
import { nodeAffinity } from './filter/node-affinity.ts';
import { nodeEmptying } from './filter/node-emptying.ts';
import { nodePorts } from './filter/node-ports.ts';
import { nodeResourcesFit } from './filter/node-resources.ts';
import { nodeUnschedulable } from './filter/node-unschedulable.ts';
import { taintToleration } from './filter/taint-toleration.ts';
import { volumeBinding } from './filter/volume-binding.ts';
import { volumeRestrictions } from './filter/volume-restrictions.ts';
import { volumeZone } from './filter/volume-zone.ts';
import type { NodeFilter, Score, StaticFilter, TopologyPlugin } from './plugin.ts';
import { imageLocality } from './score/image-locality.ts';
import { preferredNodeAffinity } from './score/node-affinity.ts';
import { preferNoSchedule } from './score/taint-toleration.ts';
import { usableRoom } from './score/usable-room.ts';
import { defaultSpread } from './topology/default-spread.ts';
import { interPodAffinity } from './topology/inter-pod-affinity.ts';
import { podTopologySpread } from './topology/pod-topology-spread.ts';

// All plugins, in the order in which they judge a node: the first that refuses it is the one that is named, as in Kubernetes.

/** Filters that look at nothing but the node itself. */
export const staticFilters: readonly StaticFilter[] = [nodeUnschedulable, taintToleration, nodeAffinity];

/** Filters that look at the pods of the node, beside the resources. */
export const nodeFilters: readonly NodeFilter[] = [nodePorts, nodeEmptying];

/** Filters that look at the pod's volumes. */
export const volumeFilters: readonly NodeFilter[] = [volumeRestrictions, volumeBinding, volumeZone];

/** Judged by the scan of resources, which knows it by heart; here for explanations. */
export const resourceFilter: NodeFilter = nodeResourcesFit;

/** Filters that look at how a node's resources are divided, once there is enough of them. */
export const deviceFilters: readonly NodeFilter[] = [gpuDevices];

/** Rules about the pods around. */
export const topologyPlugins: readonly TopologyPlugin[] = [podTopologySpread, defaultSpread, interPodAffinity];

/** Scores beside those of resources and topology. */
export const scores: readonly Score[] = [usableRoom, preferredNodeAffinity, preferNoSchedule, imageLocality];
