import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { CapacityBuffer } from '@gantry/model/gen/gantry.capacity.v1beta1.ts';
import type { AnyObject } from '../core/action.ts';
import { idOf } from './foreign.ts';
import type { Simulation } from './simulation.ts';

type Scaled = Deployment | ReplicaSet;

/** Acts of people on a cluster while controllers work on it. They see the truth and write at once. */
export const users = {
  scale(simulation: Simulation, object: Scaled | undefined, replicas: number): void {
    if (object === undefined) return;
    simulation.store.edit(
      object,
      (draft) => {
        draft.spec.replicas = replicas;
      },
      'user',
    );
  },

  /** Wants room for so many pods. */
  setHeadroom(simulation: Simulation, buffer: CapacityBuffer | undefined, replicas: number): void {
    if (buffer === undefined) return;
    simulation.store.edit(
      buffer,
      (draft) => {
        draft.spec.replicas = replicas;
      },
      'user',
    );
  },

  /** Rolls a Deployment to another image. */
  setImage(simulation: Simulation, deployment: Deployment | undefined, image: string): void {
    if (deployment === undefined) return;
    simulation.store.edit(
      deployment,
      (draft) => {
        draft.spec.template!.spec!.containers[0]!.image = image;
      },
      'user',
    );
  },

  pause(simulation: Simulation, deployment: Deployment | undefined, paused: boolean): void {
    if (deployment === undefined) return;
    simulation.store.edit(
      deployment,
      (draft) => {
        draft.spec.paused = paused;
      },
      'user',
    );
  },

  setLabel(simulation: Simulation, object: AnyObject | undefined, name: string, value: string): void {
    if (object === undefined) return;
    simulation.store.edit(
      object,
      (draft) => {
        draft.metadata.labels = { ...draft.metadata.labels, [name]: value };
      },
      'user',
    );
  },

  remove(
    simulation: Simulation,
    object: AnyObject | undefined,
    propagationPolicy?: 'Background' | 'Foreground' | 'Orphan',
  ): void {
    if (object === undefined) return;
    const { namespace, name } = object.metadata;
    const target = namespace === undefined ? { name } : { namespace, name };
    const kind = idOf(object);
    if (simulation.store.find(kind, namespace, name) === undefined) return;
    simulation.store.delete(kind, target, propagationPolicy === undefined ? {} : { propagationPolicy }, 'user');
  },

  /** Deletes a ReplicaSet, and releases its pods in its stead, as a client without the collector's help does. */
  orphanPods(simulation: Simulation, set: ReplicaSet | undefined): void {
    if (set === undefined) return;
    users.remove(simulation, set, 'Orphan');
    for (const pod of simulation.all('Pod')) {
      const { ownerReferences = [] } = pod.metadata;
      const kept = ownerReferences.filter(({ uid }) => uid !== set.metadata.uid);
      if (kept.length === ownerReferences.length) continue;
      simulation.store.edit(
        pod,
        (draft) => {
          draft.metadata.ownerReferences = kept;
        },
        'user',
      );
    }
  },
};
