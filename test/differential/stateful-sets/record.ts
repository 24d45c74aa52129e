/** Leads the lives of StatefulSets beside a real kube-controller-manager and writes down how they come to rest. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Oracle } from '../oracle.ts';
import {
  type Act,
  answersFile,
  brokenImage,
  type Life,
  lives,
  type Objects,
  type Rest,
  restOf,
  setOf,
} from './lives.ts';

/** Milliseconds without a change after which nothing more is to come. */
const restMs = 2_000;
const pollMs = 30;

interface Listed {
  readonly items: readonly Found[];
  readonly metadata: { readonly resourceVersion: string };
}

interface Found {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly status?: { readonly phase?: string };
  readonly spec?: { readonly containers: readonly { readonly image: string }[] };
}

const core = '/api/v1/namespaces/default';
const apps = '/apis/apps/v1/namespaces/default';

async function list<T extends Found>(oracle: Oracle, path: string): Promise<readonly T[]> {
  const { body } = await oracle.send('GET', path);
  return (body as unknown as Listed).items as readonly T[];
}

/** Stands for kubelets: pods run at once, and are ready but for broken ones. */
async function startPods(oracle: Oracle): Promise<void> {
  for (const { metadata, status, spec } of await list(oracle, `${core}/pods`)) {
    if (status?.phase !== 'Pending') continue;
    const isReady = spec!.containers[0]!.image !== brokenImage;
    const conditions = [
      { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: new Date().toISOString() },
    ];
    await setStatus(oracle, metadata.name, { phase: 'Running', conditions });
  }
}

async function setStatus(oracle: Oracle, name: string, status: object): Promise<void> {
  await oracle.send('PATCH', `${core}/pods/${name}/status`, { status }, 'application/merge-patch+json');
}

async function act(oracle: Oracle, { patch, deletePod, failPod }: Act): Promise<void> {
  if (patch !== undefined)
    await oracle.send('PATCH', `${apps}/statefulsets/web`, patch, 'application/merge-patch+json');
  if (deletePod !== undefined) await oracle.send('DELETE', `${core}/pods/${deletePod}`);
  if (failPod !== undefined) {
    const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: new Date().toISOString() }];
    await setStatus(oracle, failPod, { phase: 'Failed', conditions });
  }
}

async function observed(oracle: Oracle): Promise<Objects & { readonly versions: string }> {
  const [set, revisions, pods, claims, events] = await Promise.all([
    oracle.send('GET', `${apps}/statefulsets/web`),
    list(oracle, `${apps}/controllerrevisions`),
    list(oracle, `${core}/pods`),
    list(oracle, `${core}/persistentvolumeclaims`),
    list(oracle, `${core}/events`),
  ]);
  const all = [set.body as unknown as Found, ...revisions, ...pods, ...claims, ...events];
  return {
    set: set.body as Objects['set'],
    revisions: revisions as unknown as Objects['revisions'],
    pods,
    claims,
    events: eventsOf(events),
    versions: all.map(({ metadata }) => metadata.resourceVersion).join(),
  };
}

/** Repetitions of an event only raise its count. */
function eventsOf(events: readonly Found[]): string[] {
  return (
    events as unknown as readonly {
      type: string;
      reason: string;
      message: string;
      count?: number;
      source: { component: string };
    }[]
  )
    .filter(({ source }) => source.component === 'statefulset-controller')
    .flatMap(({ type, reason, message, count = 1 }) =>
      Array.from({ length: count }, () => `${type} ${reason} ${message}`),
    );
}

async function rest(oracle: Oracle): Promise<Objects> {
  let last = await observed(oracle);
  for (let sinceMs = performance.now(); performance.now() - sinceMs < restMs; await sleep(pollMs)) {
    await startPods(oracle);
    const next = await observed(oracle);
    if (next.versions !== last.versions) sinceMs = performance.now();
    last = next;
  }
  return last;
}

/** Events of a step: those that were told more often than before. */
function since(all: readonly string[], before: readonly string[]): string[] {
  const left = [...before];
  return all.filter((event) => {
    const index = left.indexOf(event);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

async function lead(oracle: Oracle, life: Life): Promise<Rest[]> {
  await oracle.send('POST', `${apps}/statefulsets`, setOf(life));
  const rests: Rest[] = [];
  let before: readonly string[] = [];
  for (const step of life.steps) {
    await act(oracle, step);
    const objects = await rest(oracle);
    rests.push(restOf({ ...objects, events: since(objects.events, before) }, []));
    before = objects.events;
  }
  for (const path of [
    `${apps}/statefulsets`,
    `${apps}/controllerrevisions`,
    `${core}/pods`,
    `${core}/persistentvolumeclaims`,
    `${core}/events`,
  ]) {
    await oracle.send('DELETE', `${path}?gracePeriodSeconds=0`);
  }
  await sleep(restMs);
  return rests;
}

const peers = process.env.PEERS;
if (peers === undefined)
  throw new Error('PEERS names the folder whose bin/ holds etcd, kube-apiserver and kube-controller-manager');
await using oracle = await Oracle.start(peers, 'AlwaysAllow', [
  'statefulset-controller',
  'garbage-collector-controller',
  'persistentvolumeclaim-protection-controller',
]);
const answers: Record<string, readonly Rest[]> = {};
for (const life of lives()) answers[life.name] = await lead(oracle, life);
await writeFile(answersFile, `${JSON.stringify(answers, null, 1)}\n`);
