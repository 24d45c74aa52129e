import { compileNode } from '../compile/node.ts';
import { PodCompiler } from '../compile/pod.ts';
import { defaultProfiles } from '../profiles.ts';
import { type CycleResult, Scheduler } from '../scheduler.ts';
import { type NodeFields, nodeNamed, type PodFields, podNamed } from './builders.ts';

/** A scheduler that is told of objects, and of time by its caller. */
export class World {
  readonly scheduler = new Scheduler({ profiles: defaultProfiles, seed: 1, batchSize: 1_000 });
  readonly #compiler = new PodCompiler();
  nowMs = 1_000_000;

  node(name: string, fields: NodeFields = {}): void {
    this.scheduler.setNode(compileNode(nodeNamed(name, fields)));
  }

  pod(name: string, fields: PodFields = {}): void {
    this.scheduler.setPod(this.#compiler.compile(podNamed(name, fields)));
  }

  cycle(): CycleResult {
    return this.scheduler.cycle(this.nowMs);
  }

  /** Nodes by pod that a cycle gave. */
  placements(): Record<string, string> {
    return Object.fromEntries(this.cycle().placements.map(({ entry, nodeName }) => [entry.pod.name, nodeName]));
  }

  /** What is said of pods that wait, without what is said about preemption. */
  messages(): string[] {
    return this.cycle().waiting.map(({ message }) => message.replace(/ preemption: .*$/, ''));
  }
}
