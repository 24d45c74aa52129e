import type { Binding } from '@gantry/client/object-messages.ts';
import { podRequests } from '@gantry/model/amounts.ts';
import type { PodSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import {
  areDevicesFor,
  bestFitDevices,
  deviceCount,
  formatDevices,
  gpuDemand,
  gpuDevicesAnnotation,
  wholeDevice,
} from '@gantry/model/gpu.ts';
import { conflict, GantryError, notFound } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Operation } from '@gantry/store/store.ts';
import { type AnyObject, putObject, type Stored } from '../core/stored-object.ts';
import type { BatchPlanner, ItemPlan } from './batch.ts';
import { setCondition } from './conditions.ts';
import { type Demand, demandOf, deviceResource, nothing, plus } from './demand.ts';
import { fenceKey, fitProblem, type NodeAccount, withTopology } from './ledger.ts';

/** Decides about the bindings of one batch, in order: each sees what those before it took. */
export class BindPlanner implements BatchPlanner<Binding> {
  readonly #accountOf: (node: string) => NodeAccount | undefined;
  readonly #nowMs: number;
  readonly #planned = new Map<string, { readonly account: NodeAccount; demand: Demand }>();

  /** @param accountOf What a node has and what is taken of it, as far as its fence says. */
  constructor(accountOf: (node: string) => NodeAccount | undefined, nowMs: number) {
    this.#accountOf = accountOf;
    this.#nowMs = nowMs;
  }

  plan(binding: Binding, stored: Stored | undefined): ItemPlan {
    const refused = refusalByPod(binding, stored);
    if (refused !== undefined) return { type: 'refused', error: refused };
    if (stored!.object.spec?.nodeName === binding.nodeName) return { type: 'unchanged', revision: stored!.revision };
    const account = this.#planned.get(binding.nodeName)?.account ?? this.#accountOf(binding.nodeName);
    if (account === undefined) {
      return { type: 'refused', error: notFound({ group: '', resource: 'nodes', name: binding.nodeName }) };
    }
    if (account.deleting) {
      return { type: 'refused', error: precondition(binding, `node "${account.name}" is being deleted`) };
    }
    const planned = this.#planned.get(account.name)?.demand ?? nothing;
    const devices = devicesFor(binding, stored!.object, account, planned);
    if (devices instanceof GantryError) return { type: 'refused', error: devices };
    const pod = onNode(stored!.object, account, devices);
    const demand = demandOf(pod);
    const why = fitProblem(account, planned, demand);
    if (why !== undefined) return { type: 'refused', error: precondition(binding, `node "${account.name}": ${why}`) };
    this.#planned.set(account.name, { account, demand: plus(planned, demand) });
    return { type: 'write', operation: putObject(stored!.key, scheduled(pod, this.#nowMs), stored!.revision) };
  }

  guards(): Operation[] {
    return [...this.#planned.values()].map(({ account }) => ({
      type: 'put',
      key: fenceKey(account.name),
      value: JSON.stringify({ by: 'bind' }),
      expected: account.fence,
    }));
  }
}

/** The pod on its node, with the labels of where that is and the GPU devices that it has there. */
function onNode(pod: AnyObject, node: NodeAccount, devices: readonly number[] | undefined): AnyObject {
  const next = withTopology({ ...pod, spec: { ...pod.spec, nodeName: node.name } }, node);
  if (devices === undefined) return next;
  const annotations = { ...next.metadata.annotations, [gpuDevicesAnnotation]: formatDevices(devices) };
  return { ...next, metadata: { ...next.metadata, annotations } };
}

/** The pod with the condition that it has a node. */
function scheduled(pod: AnyObject, nowMs: number): AnyObject {
  const status = { ...pod.status, phase: pod.status?.phase ?? 'Pending' };
  return { ...pod, status: setCondition(status, { type: 'PodScheduled', status: 'True' }, rfc3339(nowMs)) };
}

/** The GPU devices that a pod is to have: those of the binding, else the best fit; undefined for a pod that wants none. */
function devicesFor(
  binding: Binding,
  pod: AnyObject,
  account: NodeAccount,
  planned: Demand,
): readonly number[] | undefined | GantryError {
  const demand = gpuDemand(podRequests(pod.spec as unknown as PodSpec));
  if (demand === undefined) return undefined;
  const { gpuDevices = [] } = binding;
  if (gpuDevices.length > 0) {
    if (areDevicesFor(demand, gpuDevices)) return gpuDevices;
    const message = `Invalid value: ${JSON.stringify(gpuDevices)}: must be ${demand.devices} different devices`;
    return new GantryError('BadRequest', `gpuDevices: ${message}`, {
      causes: [{ reason: 'FieldValueInvalid', field: 'gpuDevices', message }],
    });
  }
  const taken = (device: number): number => {
    const name = deviceResource(device);
    return (account.used.get(name) ?? 0) + (planned.amounts.get(name) ?? 0);
  };
  const free = Array.from({ length: deviceCount(account.allocatable) }, (_, device) => wholeDevice - taken(device));
  const chosen = bestFitDevices(free, demand);
  if (chosen !== undefined) return chosen;
  const problem = `no ${demand.devices} GPU device(s) with ${demand.milliEach} thousandths free`;
  return precondition(binding, `node "${account.name}": ${problem}`);
}

function refusalByPod(binding: Binding, stored: Stored | undefined): GantryError | undefined {
  const { name, uid, nodeName } = binding;
  if (nodeName === '') {
    return new GantryError('BadRequest', 'nodeName: Required value', {
      causes: [{ reason: 'FieldValueRequired', field: 'nodeName', message: 'Required value' }],
    });
  }
  if (stored === undefined) return notFound({ group: '', resource: 'pods', name });
  const { metadata, spec } = stored.object;
  const info = { group: '', resource: 'pods', name };
  if (uid && metadata.uid !== uid) {
    return conflict(info, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`);
  }
  if (metadata.deletionTimestamp !== undefined) {
    return conflict(info, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  const bound = spec?.nodeName as string | undefined;
  if (bound && bound !== nodeName) return conflict(info, `pod ${name} is already assigned to node "${bound}"`);
  const gates = (spec?.schedulingGates as unknown[] | undefined) ?? [];
  if (!bound && gates.length > 0) return conflict(info, `pod ${name} has non-empty .spec.schedulingGates`);
  return undefined;
}

function precondition({ name }: Binding, problem: string): GantryError {
  return new GantryError('FailedPrecondition', `Operation cannot be fulfilled on pods "${name}": ${problem}`, {
    resource: { group: '', resource: 'pods', name },
  });
}
