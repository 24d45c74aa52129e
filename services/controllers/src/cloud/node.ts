/**
 * Keeps nodes in step with their machines at a cloud, as Kubernetes' cloud-node and cloud-node-lifecycle controllers do: a new node gets its
 * identifier, labels and addresses before pods may come; one that is not ready is deleted where its machine is gone, and tainted where it is off.
 */
import type { CloudInstance } from '@gantry/model/gen/gantry.cloud.v1.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Action, Controller, View } from '../core/action.ts';
import type { CallAnswer, Consulted } from '../core/consult.ts';
import { initialized, uninitializedKey, withAddresses, withShutdown } from './node-changes.ts';

/** Between two questions about a node that waits, or is not ready: Kubernetes' node monitor period. */
const soonMs = 5_000;
/** Between two about a node that is well: Kubernetes' node status update frequency of cloud controllers. */
const laterMs = 300_000;
/** Milliseconds until a key is looked at again whose question was asked. */
const heardMs = 1;

interface Known {
  readonly uid: string | undefined;
  readonly atMs: number;
  readonly answer: CallAnswer;
}

export function cloudNodeController(clock: Pick<Clock, 'monotonic'>): Controller {
  const answers = new Map<string, Known>();
  return {
    name: 'cloud-node-controller',
    watches: ['Node'],
    keysFor: ({ metadata }) => [metadata.name],

    reconcile(name: string, view: View): readonly Action[] {
      const node = view.get('Node', undefined, name);
      if (node === undefined || node.metadata.deletionTimestamp !== undefined) {
        answers.delete(name);
        return [];
      }
      const known = answers.get(name);
      const everyMs = isSettled(node) ? laterMs : soonMs;
      const leftMs = known === undefined ? 0 : known.atMs + everyMs - clock.monotonic();
      if (known === undefined || known.uid !== node.metadata.uid || leftMs <= 0) return question(node);
      const instance = known.answer.type === 'instance' ? known.answer.instance : undefined;
      return [...(instance === undefined ? [] : changes(node, instance)), { type: 'requeue', afterMs: leftMs }];
    },

    consulted(name: string, { id, answers: [answer] }: Consulted): void {
      answers.set(name, { uid: id, atMs: clock.monotonic(), answer: answer! });
    },
  };
}

/** A node that has been set up, and is well. */
function isSettled(node: Node): boolean {
  return isReady(node) && !(node.spec?.taints ?? []).some(({ key }) => key === uninitializedKey);
}

function question({ metadata, spec }: Node): readonly Action[] {
  const node = { nodeName: metadata.name, providerID: spec?.providerID ?? '' };
  const consultation = { id: metadata.uid ?? '', calls: [{ type: 'instance', node } as const] };
  return [
    { type: 'consult', consultation },
    { type: 'requeue', afterMs: heardMs },
  ];
}

/** Writes of the node, one at a time: each makes the next one's view old. Pure. */
function changes(node: Node, instance: CloudInstance): readonly Action[] {
  const { state = 'UNKNOWN' } = instance;
  if (state === 'UNKNOWN') return [];
  if (state === 'GONE') return isReady(node) ? [] : gone(node);
  const addressed = withAddresses(node, instance);
  if (addressed !== undefined) return [{ type: 'updateStatus', object: addressed }];
  const labelled = initialized(node, instance);
  if (labelled !== undefined) return [{ type: 'update', object: labelled }, ...synced(node)];
  const tainted = withShutdown(node, state === 'SHUTDOWN' && !isReady(node));
  return tainted === undefined ? [] : [{ type: 'update', object: tainted }];
}

function gone(node: Node): readonly Action[] {
  const message = `Deleting node ${node.metadata.name} because it does not exist in the cloud provider`;
  return [
    { type: 'event', about: node, eventType: 'Normal', reason: 'DeletingNode', message },
    { type: 'delete', object: node, ifUnchanged: true },
  ];
}

/** Tells of a node that pods may now come to. */
function synced(node: Node): readonly Action[] {
  const waited = (node.spec?.taints ?? []).some(({ key }) => key === uninitializedKey);
  const message = 'Node synced successfully';
  return waited ? [{ type: 'event', about: node, eventType: 'Normal', reason: 'Synced', message }] : [];
}
