import type { KindName } from '@gantry/model/built-in.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Action, AnyObject, Controller, Requirement, View } from '../../core/action.ts';
import { podGarbageController } from '../../podgc/podgc.ts';
import { fakeView } from '../../testing/fake-view.ts';
import { aNode, aPod } from '../../testing/objects.ts';
import { NodeMonitor } from '../monitor.ts';
import { nodeHealthController } from '../nodehealth.ts';
import { defaultEvictionSettings, type EvictionSettings } from '../zones.ts';

/** Times of a cluster with default settings, in milliseconds. */
const heartbeatMs = 10_000;
const ttlMs = 20_000;
const silence = { confirmMs: 3_000, recoveryMs: 15_000 };

/** Moments that are kept for views that lag. */
const maxMoments = 1_000;

interface Agent {
  readonly name: string;
  stopped: boolean;
  nextMs: number;
}

/** A pod that was deleted by the controller, with the time of that. */
export interface Deletion {
  readonly pod: Pod;
  readonly atMs: number;
  readonly forced: boolean;
  /** True where the pod's node existed. */
  readonly nodeExisted: boolean;
}

/**
 * Nodes whose agents send heartbeats and report, and the node lifecycle controller, which sees objects and heartbeats with a
 * lag. Moves on by steps of its own clock; the wall clock can step apart from it.
 */
export class NodeCluster {
  readonly clock = new FakeClock();
  readonly deletions: Deletion[] = [];
  /** Milliseconds that the informer of each kind is behind. */
  readonly lagMs: { Node: number; Pod: number } = { Node: 0, Pod: 0 };
  /** Milliseconds between looks at the heartbeats, and how old each list is when it arrives. */
  pollMs = 1_000;
  listLagMs = 0;
  /** False while the controller cannot reach the api. */
  isReachable = true;
  readonly monitor: NodeMonitor;
  readonly #controllers: readonly Controller[];
  readonly #agents = new Map<string, Agent>();
  readonly #objects = new Map<string, AnyObject>();
  readonly #heartbeats = new Map<string, number>();
  readonly #history: { atMs: number; revision: number; objects: AnyObject[]; heard: string[] }[] = [];
  readonly #requeued = new Map<string, number>();
  /** The last revision that was written for each controller and key. */
  readonly #written = new Map<string, number>();
  #revision = 0;
  #nextPollMs = 0;

  constructor(settings: EvictionSettings = defaultEvictionSettings) {
    this.monitor = new NodeMonitor(silence, settings);
    this.#controllers = [nodeHealthController(this.monitor, this.clock), podGarbageController(this.clock, 0)];
  }

  node(name: string): Node | undefined {
    return this.#objects.get(`Node/${name}`) as Node | undefined;
  }

  pod(name: string): Pod | undefined {
    return this.#objects.get(`Pod/${name}`) as Pod | undefined;
  }

  put(object: AnyObject): void {
    const metadata = { ...object.metadata, resourceVersion: String(++this.#revision) };
    this.#objects.set(`${object.kind}/${object.metadata.name}`, { ...object, metadata } as AnyObject);
  }

  remove(kind: 'Node' | 'Pod', name: string): void {
    if (this.#objects.delete(`${kind}/${name}`)) this.#revision++;
  }

  /** A ready node with an agent, which sends its first heartbeat `phaseMs` from now. */
  addNode(name: string, phaseMs = 0, overrides: Partial<Node> = {}): void {
    this.put(aNode(name, overrides));
    this.#agents.set(name, { name, stopped: false, nextMs: this.clock.monotonic() + phaseMs });
  }

  /** A pod on a node that tolerates the loss of it for so long. */
  addPod(name: string, node: string, tolerationSeconds = 30): void {
    const pod = aPod(name, { node });
    const tolerations = ['unreachable', 'not-ready'].map((reason) => {
      const key = `node.kubernetes.io/${reason}`;
      return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds };
    });
    this.put({ ...pod, spec: { ...pod.spec, tolerations } });
  }

  /** Stops an agent, as SIGSTOP does. */
  stop(name: string): void {
    this.#agents.get(name)!.stopped = true;
  }

  /** Lets an agent go on: what was due meanwhile happens at once. */
  go(name: string): void {
    this.#agents.get(name)!.stopped = false;
  }

  /** True for a node that says it is ready. */
  isReady(name: string): boolean {
    return (
      this.node(name)?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
    );
  }

  /** Lets time pass. */
  run(ms: number, stepMs = 100): void {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(stepMs);
      this.#step();
    }
  }

  #step(): void {
    const nowMs = this.clock.monotonic();
    for (const agent of this.#agents.values()) this.#act(agent, nowMs);
    const heard = [...this.#heartbeats].filter(([, untilMs]) => untilMs > nowMs).map(([name]) => name);
    this.#history.push({ atMs: nowMs, revision: this.#revision, objects: [...this.#objects.values()], heard });
    if (this.#history.length > maxMoments) this.#history.shift();
    const polled = nowMs >= this.#nextPollMs ? this.#poll(nowMs) : [];
    if (nowMs >= this.#nextPollMs) this.#nextPollMs = nowMs + this.pollMs;
    for (const controller of this.#controllers) {
      const due = [...this.#requeued].flatMap(([id, atMs]) => {
        const [name, key] = id.split(' ');
        return name === controller.name && atMs <= nowMs ? [key!] : [];
      });
      for (const key of new Set([...polled, ...this.#changed(controller), ...due]))
        this.#reconcile(controller, key, nowMs);
    }
  }

  /** An agent's loop: a heartbeat, and a report where the answer asks for one. */
  #act(agent: Agent, nowMs: number): void {
    if (agent.stopped || nowMs < agent.nextMs) return;
    agent.nextMs = nowMs + heartbeatMs;
    this.#heartbeats.set(agent.name, nowMs + ttlMs);
    const node = this.node(agent.name);
    if (node !== undefined && !this.isReady(agent.name)) this.#report(node);
    for (const object of this.#objects.values()) {
      if (object.kind !== 'Pod' || (object as Pod).spec.nodeName !== agent.name) continue;
      this.put({
        ...object,
        status: { ...(object as Pod).status, conditions: [{ type: 'Ready', status: 'True' }] },
      } as Pod);
    }
  }

  #report(node: Node): void {
    const lastTransitionTime = rfc3339(this.clock.now());
    this.put({
      ...node,
      status: { ...node.status, conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] },
    });
  }

  #poll(nowMs: number): string[] {
    if (!this.isReachable) {
      this.monitor.heartbeats.interrupted();
      return [];
    }
    const { heard, revision } = this.#at(nowMs - this.listLagMs);
    const view = this.#view();
    return this.monitor.observe([...view.list('Node')], { names: new Set(heard), revision }, nowMs);
  }

  /** Keys of all objects that the view has: more than informers would give, which must not matter. */
  #changed(controller: Controller): string[] {
    const view = this.#view();
    return [...view.list('Node'), ...view.list('Pod')].flatMap((object) => controller.keysFor(object, view));
  }

  #reconcile(controller: Controller, key: string, nowMs: number): void {
    const view = this.#view();
    const name = `${controller.name} ${key}`;
    // A key whose writes its informers have not shown yet waits, as in the true loop.
    const pending = this.#written.get(name) ?? 0;
    if (view.revision('Node') < pending || view.revision('Pod') < pending) return;
    this.#requeued.delete(name);
    /** Revisions of objects that this plan wrote, by uid. */
    const latest = new Map<string, string>();
    for (const action of controller.reconcile(key, view, this.clock.now())) {
      if (action.type === 'requeue') this.#requeued.set(name, nowMs + action.afterMs);
      else if (!this.isReachable || !this.#perform(action, latest, nowMs)) return;
      this.#written.set(name, this.#revision);
    }
  }

  /** Writes as the api does; false where an optimistic lock fails. */
  #perform(action: Action, latest: Map<string, string>, nowMs: number): boolean {
    if (action.type !== 'update' && action.type !== 'updateStatus' && action.type !== 'delete') return true;
    const object = action.object as Node | Pod;
    if (!this.#hold(action.requires ?? [])) return false;
    const { name, uid, resourceVersion } = object.metadata;
    const stored = this.#objects.get(`${object.kind}/${name}`);
    if (stored === undefined || stored.metadata.uid !== uid) return false;
    if (action.type === 'delete') {
      const nodeExisted = this.node((object as Pod).spec.nodeName!) !== undefined;
      const forced = action.gracePeriodSeconds === 0;
      this.deletions.push({ pod: object as Pod, atMs: nowMs, forced, nodeExisted });
      this.remove('Pod', name);
      return true;
    }
    if (stored.metadata.resourceVersion !== (latest.get(uid!) ?? resourceVersion)) return false;
    const { spec, status } = object;
    this.put({ ...stored, ...(action.type === 'update' ? { spec } : { status }) } as AnyObject);
    latest.set(uid!, String(this.#revision));
    return true;
  }

  #hold(requires: readonly Requirement[]): boolean {
    return requires.every((requirement) => {
      const node = this.node(requirement.ref.name);
      if (requirement.type === 'absent') return node === undefined;
      return requirement.type === 'unchanged' && node?.metadata.resourceVersion === requirement.resourceVersion;
    });
  }

  #at(atMs: number): { revision: number; objects: AnyObject[]; heard: string[] } {
    return this.#history.findLast((moment) => moment.atMs <= atMs) ?? { revision: 0, objects: [], heard: [] };
  }

  #view(): View {
    const nowMs = this.clock.monotonic();
    const of = (kind: 'Node' | 'Pod') => this.#at(nowMs - this.lagMs[kind]);
    const objects = (['Node', 'Pod'] as const).flatMap((kind) =>
      of(kind).objects.filter((object) => object.kind === kind),
    );
    return { ...fakeView(objects), revision: (kind: KindName) => of(kind as 'Node' | 'Pod').revision };
  }
}
