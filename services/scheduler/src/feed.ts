import type { ChangeSource } from '@gantry/client/change-source.ts';
import { Informer } from '@gantry/client/informer.ts';
import type { ObjectChange } from '@gantry/client/object-cache.ts';
import type { KindName, Kinds } from '@gantry/model/built-in.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { compileBudget } from './compile/budget.ts';
import { compileGroup } from './compile/group.ts';
import { compileNode } from './compile/node.ts';
import { PodCompiler } from './compile/pod.ts';
import { compileClaim, compileStorageClass, compileVolume } from './compile/volumes.ts';
import { keyOfGroup } from './gang/gangs.ts';
import type { Scheduler } from './scheduler.ts';

/** Change sources by kind. */
export type Sources = <K extends KindName>(kind: K) => ChangeSource<Kinds[K]>;

export interface FeedOptions {
  readonly sources: Sources;
  readonly scheduler: Scheduler;
  /** Called after each change. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells a scheduler what happens in the cluster. */
export class Feed implements AsyncDisposable {
  readonly #informers: { readonly hasSynced: Promise<void>; [Symbol.asyncDispose](): Promise<void> }[] = [];
  readonly #options: FeedOptions;

  constructor(options: FeedOptions) {
    this.#options = options;
    const { scheduler } = options;
    const compiler = new PodCompiler();
    this.#follow('Namespace', ({ type, object: { metadata } }) => {
      scheduler.setNamespace(metadata.name, type === 'DELETED' ? undefined : (metadata.labels ?? {}));
    });
    this.#follow('Node', ({ type, object }) => {
      if (type === 'DELETED') scheduler.removeNode(object.metadata.name);
      else scheduler.setNode(compileNode(object));
    });
    this.#follow('Pod', ({ type, object }) => {
      if (type === 'DELETED') scheduler.removePod(object.metadata.uid!);
      else scheduler.setPod(compiler.compile(object));
    });
    this.#follow('PersistentVolumeClaim', ({ type, object }) => {
      const { namespace, name } = object.metadata;
      scheduler.setClaim(`${namespace}/${name}`, type === 'DELETED' ? undefined : compileClaim(object));
    });
    this.#follow('PersistentVolume', ({ type, object }) => {
      scheduler.setVolume(object.metadata.name, type === 'DELETED' ? undefined : compileVolume(object));
    });
    this.#follow('StorageClass', ({ type, object }) => {
      scheduler.setStorageClass(object.metadata.name, type === 'DELETED' ? undefined : compileStorageClass(object));
    });
    this.#follow('PodGroup', ({ type, object }) => {
      const { namespace = '', name } = object.metadata;
      scheduler.setGroup(keyOfGroup(namespace, name), type === 'DELETED' ? undefined : compileGroup(object));
    });
    this.#follow('PodDisruptionBudget', ({ type, object }) => {
      const { namespace, name } = object.metadata;
      scheduler.setBudget(`${namespace}/${name}`, type === 'DELETED' ? undefined : compileBudget(object));
    });
  }

  /** Resolves when the scheduler knows the whole cluster. */
  async synced(): Promise<void> {
    await Promise.all(this.#informers.map(({ hasSynced }) => hasSynced));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer[Symbol.asyncDispose]()));
  }

  #follow<K extends KindName>(kind: K, take: (change: ObjectChange<Kinds[K]>) => void): void {
    const { sources, clock, log, onChange } = this.#options;
    const informer = new Informer<Kinds[K]>({
      source: sources(kind),
      clock,
      onError: (error) => log.warn({ error, kind }, 'reading changes anew, or an object that cannot be understood'),
    });
    informer.onChange((change) => {
      take(change);
      onChange();
    });
    this.#informers.push(informer.start());
  }
}
