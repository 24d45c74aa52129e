import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { Event, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Play, Step } from './scenarios.ts';

/** The REST api of a cluster whose Jobs are played with. */
export interface Stage {
  send(
    method: string,
    path: string,
    body?: unknown,
    contentType?: string,
  ): Promise<{ readonly code: number; readonly body: Record<string, unknown> }>;
  /** Milliseconds without a change after which nothing more is to come: above the time for which changes are gathered. */
  readonly quietMs: number;
}

/** All that there is to be seen of a Job, without names and times of chance. */
export interface Sight {
  readonly status: Record<string, unknown>;
  readonly pods: readonly Record<string, unknown>[];
  readonly events: readonly string[];
}

const pollMs = 100;
const patienceMs = 45_000;
const namespace = '/namespaces/default';
const node = 'played';
const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';

/** Makes the node on which all pods are. */
export async function setStage({ send }: Stage): Promise<void> {
  const room = { cpu: '100', memory: '100Gi', pods: '1000' };
  const status = { capacity: room, allocatable: room };
  await send('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: node }, status });
}

/** Plays a Job through; resolves to what was seen at each look. */
export async function play(stage: Stage, one: Play): Promise<Sight[]> {
  const actor = new Actor(stage, one);
  await actor.create();
  const sights: Sight[] = [];
  for (const step of one.steps) {
    if ('look' in step) sights.push(await actor.look());
    else await actor.perform(step);
  }
  return sights;
}

class Actor {
  readonly #stage: Stage;
  readonly #play: Play;

  constructor(stage: Stage, one: Play) {
    this.#stage = stage;
    this.#play = one;
  }

  async create(): Promise<void> {
    const { name, spec, restartPolicy = 'Never' } = this.#play;
    const template = {
      spec: { restartPolicy, nodeName: node, containers: [{ name: 'main', image: 'pause:3' }] },
    };
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { ...spec, template } };
    await this.#ask('POST', `/apis/batch/v1${namespace}/jobs`, job);
  }

  async perform(step: Exclude<Step, { look: true }>): Promise<void> {
    if ('active' in step) await this.#until(async () => (await this.#active()).length === step.active);
    else if ('until' in step)
      await this.#until(async () => (await this.#job()).status?.conditions?.some(isTrue(step.until)));
    else if ('patch' in step) await this.#ask('PATCH', this.#path, { spec: step.patch }, merge);
    else if ('remove' in step) await this.#ask('DELETE', podPath(await this.#pod(step.remove)), {});
    else if ('collect' in step) await this.#collect();
    else if ('run' in step) await this.#report(await this.#pod(step.run), running(step.restarts ?? 0));
    else await this.#report(await this.#pod(step.end), ended(step.exitCode ?? 0, step.disrupted ?? false));
  }

  /** All that there is to be seen, once it is the same for a while. */
  async look(): Promise<Sight> {
    let seen = await this.#see();
    for (let sinceMs = performance.now(); performance.now() - sinceMs < this.#stage.quietMs; ) {
      await sleep(pollMs);
      const now = await this.#see();
      if (JSON.stringify(now) === JSON.stringify(seen)) continue;
      seen = now;
      sinceMs = performance.now();
    }
    return seen;
  }

  get #path(): string {
    return `/apis/batch/v1${namespace}/jobs/${this.#play.name}`;
  }

  async #see(): Promise<Sight> {
    const { status = {} } = await this.#job();
    const told = (await this.#ask('GET', `/api/v1${namespace}/events`)) as unknown as { items: Event[] };
    const events = told.items
      .filter(({ involvedObject }) => involvedObject.kind === 'Job' && involvedObject.name === this.#play.name)
      .map(({ type, reason, message }) => `${type} ${reason} ${this.#unnamed(message ?? '')}`);
    return {
      status: JSON.parse(this.#unnamed(JSON.stringify(status))) as Record<string, unknown>,
      pods: (await this.#pods()).map((pod) => this.#sightOf(pod)).sort(byText),
      events: events.sort(),
    };
  }

  #sightOf({ metadata, spec, status }: Pod): Record<string, unknown> {
    return {
      name: this.#unnamed(metadata.name),
      annotations: metadata.annotations ?? {},
      labels: Object.keys(metadata.labels ?? {}).sort(),
      finalizers: metadata.finalizers ?? [],
      isDeleted: metadata.deletionTimestamp !== undefined,
      phase: status?.phase,
      hostname: spec.hostname ?? '',
      env: spec.containers[0]!.env ?? [],
    };
  }

  /** A text without the random ends of names, and without times. */
  #unnamed(text: string): string {
    return text
      .replaceAll(new RegExp(`\\b(${this.#play.name}(?:-\\d+)?)-[a-z0-9]{5}\\b`, 'g'), '$1-*')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME');
  }

  async #collect(): Promise<void> {
    for (const pod of await this.#pods()) {
      if (pod.metadata.deletionTimestamp === undefined) continue;
      await this.#report(pod, ended(137, false)).catch(() => undefined);
      // A kubelet's last word.
      await this.#stage.send('DELETE', podPath(pod), { gracePeriodSeconds: 0 });
    }
  }

  #report(pod: Pod, status: object): Promise<unknown> {
    return this.#ask('PATCH', `${podPath(pod)}/status`, { status }, strategic);
  }

  #job(): Promise<Job> {
    return this.#ask('GET', this.#path) as unknown as Promise<Job>;
  }

  async #pods(): Promise<Pod[]> {
    const query = `labelSelector=batch.kubernetes.io/job-name%3D${this.#play.name}`;
    const { items } = (await this.#ask('GET', `/api/v1${namespace}/pods?${query}`)) as unknown as { items: Pod[] };
    return items.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  async #active(): Promise<Pod[]> {
    return (await this.#pods()).filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
    );
  }

  /** An active pod by its index, or by its number. */
  async #pod(which: number): Promise<Pod> {
    const active = await this.#active();
    const index = 'batch.kubernetes.io/job-completion-index';
    const byIndex = active.find(({ metadata }) => metadata.annotations?.[index] === String(which));
    const pod = byIndex ?? active[which];
    if (pod === undefined) throw new Error(`${this.#play.name}: there is no active pod ${which}`);
    return pod;
  }

  async #until(holds: () => Promise<boolean | undefined>): Promise<void> {
    for (const untilMs = performance.now() + patienceMs; !(await holds()); await sleep(pollMs)) {
      if (performance.now() > untilMs) throw new Error(`${this.#play.name}: waited in vain`);
    }
  }

  async #ask(method: string, path: string, body?: unknown, type?: string): Promise<Record<string, unknown>> {
    const { code, body: answer } = await this.#stage.send(method, path, body, type);
    if (code >= 300) throw new Error(`${method} ${path}: ${code}: ${JSON.stringify(answer)}`);
    return answer;
  }
}

const isTrue = (type: string) => (each: { readonly type: string; readonly status: string }) =>
  each.type === type && each.status === 'True';

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function podPath({ metadata }: Pod): string {
  return `/api/v1${namespace}/pods/${metadata.name}`;
}

function running(restartCount: number): object {
  return {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [{ ...container, ready: true, restartCount, state: { running: {} } }],
  };
}

function ended(exitCode: number, isDisrupted: boolean): object {
  const finishedAt = `${new Date().toISOString().slice(0, 19)}Z`;
  const terminated = { exitCode, finishedAt, startedAt: finishedAt };
  return {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    conditions: [
      { type: 'Ready', status: 'False', lastTransitionTime: finishedAt },
      ...(isDisrupted ? [{ type: 'DisruptionTarget', status: 'True' }] : []),
    ],
    containerStatuses: [{ ...container, ready: false, restartCount: 0, state: { terminated } }],
  };
}

const container = { name: 'main', image: 'pause:3', imageID: '', containerID: 'x://y' };
