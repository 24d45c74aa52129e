/** Contents of the messages of gantry.api.v1, in the forms that clients and servers handle. */

import { builtIn } from '@gantry/model/built-in.ts';
import type { PodStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { apiVersionOf, type Form, type Registry } from '@gantry/model/registry.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type AnyKind, type Change, type ObjectName, type PatchType, resourceNameOf } from './api.ts';

/** gantry.api.v1.Object: the object under the name of its kind's field, such as { pod: … }. */
export type Wrapped = Readonly<Record<string, unknown>>;

/** gantry.api.v1.ObjectRef. */
export interface ObjectRef {
  /** Resource with its group, such as deployments.apps. */
  readonly resource: string;
  /** Empty for resources that are not namespaced. */
  readonly namespace: string;
  readonly name: string;
}

/** A pod's assignment to a node. */
export interface Binding {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly nodeName: string;
  /** Numbers of the GPU devices that a pod gets which asks for any; the api chooses where none are named. */
  readonly gpuDevices?: readonly number[];
  /** Bindings of one gang are all carried out or all refused. */
  readonly gang?: string;
}

/** A pod that no node takes now. */
export interface UnschedulablePod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Unschedulable, SchedulingGated or SchedulerError. */
  readonly reason: string;
  /** Such as "0/3 nodes are available: 3 Insufficient cpu." */
  readonly message: string;
  /** Node on which room was made by preemption. */
  readonly nominatedNodeName?: string;
}

/** Asks for a pod's end on behalf of an operator, an autoscaler or a scheduler. */
export interface EvictRequest {
  readonly namespace: string;
  readonly name: string;
  /** Any pod of that name by default. */
  readonly uid?: string;
  /** The pod's own by default. */
  readonly gracePeriodSeconds?: number;
  /** For the pod's DisruptionTarget condition. */
  readonly reason?: string;
  /** Evict it even where a disruption budget forbids. */
  readonly ignoreBudgets?: boolean;
  /** The state in which alone it is evicted; any by default. */
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: string | undefined;
}

/** The state of one pod as its node sees it. */
export interface PodReport {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly status: PodStatus;
  /** The pod was to be deleted and nothing of it runs any more: its object may go. */
  readonly terminated?: boolean;
}

/** The api's answer to a heartbeat. */
export interface HeartbeatAnswer {
  /** True where the api does not know the node or was told that it is silent: its status is to be reported anew. */
  readonly reportStatus: boolean;
}

/** When a node was heard last. */
export interface NodeHeartbeat {
  readonly nodeName: string;
  /** The api's clock when it arrived, in milliseconds since the Unix epoch. */
  readonly receivedAtMs: number;
}

/** The heartbeats that have not timed out. */
export interface HeartbeatList {
  readonly heartbeats: readonly NodeHeartbeat[];
  /** Nodes that reported at or before this revision are in the list, unless their heartbeat timed out since. */
  readonly resourceVersion: number;
}

/** gantry.api.v1.PatchRequest.Type by our names of patch types. */
const patchTypes: Readonly<Record<PatchType, string>> = { json: 'JSON', merge: 'MERGE', strategic: 'STRATEGIC' };

/** Names an object of a kind. */
export function objectRef(kind: AnyKind, name: ObjectName): ObjectRef {
  return { resource: resourceNameOf(kind), namespace: name.namespace ?? '', name: name.name };
}

/** gantry.api.v1.PatchRequest. */
export function patchRequest({ kind, name, patch }: Omit<Extract<Change, { type: 'patch' }>, 'type'>): object {
  return {
    ref: objectRef(kind, name),
    type: patchTypes[patch.type],
    patch: Buffer.from(JSON.stringify(patch.body)).toString('base64'),
    subresource: patch.subresource ?? '',
  };
}

/** gantry.api.v1.Change. */
export function changeMessage(change: Change): object {
  if (change.type === 'patch') return { patch: patchRequest(change) };
  return { delete: { ref: objectRef(change.kind, change.name), ...change.options } };
}

/** The field of gantry.api.v1.Object that carries objects without a message, as JSON. */
const jsonField = 'json';
/** The field of gantry.api.v1.Object that carries the metadata of an object alone. */
const partialField = 'partial';

/** An object as gantry.api.v1.Object: under its kind's field in the stored form of a kind that has one, else as JSON. */
export function wrap(object: KubeObject, kinds: Registry = builtIn): Wrapped {
  const form = kinds.lookup(object);
  const isTyped = form !== undefined && form.conversion === undefined && form.kind.objectField !== '';
  return { [isTyped ? form.kind.objectField : jsonField]: object };
}

/** The metadata of an object as gantry.api.v1.Object. */
export function wrapPartial({ apiVersion, kind }: Form, { metadata }: Pick<KubeObject, 'metadata'>): Wrapped {
  return { [partialField]: { apiVersion, kind: kind.kind, metadata } };
}

/** The object in a gantry.api.v1.Object, with the apiVersion and kind that its field stands for. Throws BadRequest where there is none. */
export function unwrap<T>(wrapped: Wrapped | undefined): T {
  const [[field, object] = []] = Object.entries(wrapped ?? {});
  if ((field === jsonField || field === partialField) && typeof object === 'object' && object !== null)
    return object as T;
  const kind = field === undefined ? undefined : builtIn.kindOfObjectField(field);
  if (kind === undefined) throw new GantryError('BadRequest', 'object: Required value: an object of a known kind');
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, ...(object as object) } as T;
}
