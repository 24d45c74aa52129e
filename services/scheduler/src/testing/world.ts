import type { PersistentVolume, PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodGroup } from '@gantry/model/gen/gantry.scheduling.v1alpha1.ts';
import type { StorageClass } from '@gantry/model/gen/gantry.storage.v1.ts';
import { podGroupLabel } from '@gantry/model/kinds/podgroup/podgroup.ts';
import { compileGroup } from '../compile/group.ts';
import { compileNode } from '../compile/node.ts';
import { PodCompiler } from '../compile/pod.ts';
import { compileClaim, compileStorageClass, compileVolume } from '../compile/volumes.ts';
import type { CycleResult } from '../decisions.ts';
import { defaultProfiles } from '../profiles.ts';
import { Scheduler, type SchedulerOptions } from '../scheduler.ts';
import {
  claimNamed,
  type NodeFields,
  nodeNamed,
  type PodFields,
  podNamed,
  storageClassNamed,
  volumeNamed,
} from './builders.ts';

/** A scheduler that is told of objects, and of time by its caller. */
export class World {
  readonly scheduler: Scheduler;
  readonly #compiler = new PodCompiler();
  nowMs = 1_000_000;

  constructor(options: Partial<SchedulerOptions> = {}) {
    this.scheduler = new Scheduler({ profiles: defaultProfiles, seed: 1, batchSize: 1_000, ...options });
  }

  node(name: string, fields: NodeFields = {}): void {
    this.scheduler.setNode(compileNode(nodeNamed(name, fields)));
  }

  pod(name: string, fields: PodFields = {}): void {
    this.scheduler.setPod(this.#compiler.compile(podNamed(name, fields)));
  }

  /** A claim of the namespace default for a gibibyte, once on one node, where nothing else is said. */
  claim(name: string, spec: Partial<PersistentVolumeClaim['spec']> = {}): void {
    this.scheduler.setClaim(`default/${name}`, compileClaim(claimNamed(name, spec)));
  }

  /** A volume of a gibibyte. */
  volume(name: string, spec: Partial<PersistentVolume['spec']> = {}, labels: Record<string, string> = {}): void {
    this.scheduler.setVolume(name, compileVolume(volumeNamed(name, spec, labels)));
  }

  storageClass(name: string, fields: Partial<StorageClass> = {}): void {
    this.scheduler.setStorageClass(name, compileStorageClass(storageClassNamed(name, fields)));
  }

  /** A pod group; undefined where it goes. */
  group(name: string, spec: PodGroup['spec'] | undefined): void {
    const object: PodGroup = {
      apiVersion: 'scheduling.x-k8s.io/v1alpha1',
      kind: 'PodGroup',
      metadata: { name, namespace: 'default' },
      spec: spec ?? {},
    };
    this.scheduler.setGroup(`default/${name}`, spec === undefined ? undefined : compileGroup(object));
  }

  /** A pod of a group. */
  member(group: string, name: string, { labels, ...fields }: PodFields = {}): void {
    this.pod(name, { ...fields, labels: { ...labels, [podGroupLabel]: group } });
  }

  cycle(): CycleResult {
    return this.scheduler.cycle(this.nowMs);
  }

  /** Nodes by pod that a cycle gave. */
  placements(): Record<string, string> {
    return Object.fromEntries(this.cycle().placements.map(({ entry, nodeName }) => [entry.pod.name, nodeName]));
  }

  /** Messages about waiting pods, without their part about preemption. */
  messages(): string[] {
    return this.cycle().waiting.map(({ message }) => message.replace(/ preemption: .*$/, ''));
  }
}
