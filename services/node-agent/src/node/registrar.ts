import type { Client } from '@gantry/client/client.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { type NodeFacts, type NodeHealth, nodeObject, nodeStatus } from './object.ts';

/** How often the api hears of a node, all in milliseconds. */
export interface NodeTimes {
  /** Between heartbeats. */
  readonly heartbeatMs: number;
  /** Between looks at the node's health. */
  readonly healthMs: number;
  /** Between reports of a status that did not change. */
  readonly reportMs: number;
}

/** Kubernetes' figures. */
export const defaultNodeTimes: NodeTimes = { heartbeatMs: 10_000, healthMs: 10_000, reportMs: 300_000 };

/** A heartbeat is good for this many periods; within them a failed one is sent again and again. */
const heartbeatsMissed = 2;
/** How long a heartbeat may take, and the wait before one that failed is sent again. */
const heartbeatTimeoutMs = 5_000;
const heartbeatRetryMs = 1_000;

/** What registering needs. */
export interface RegistrarDeps {
  readonly client: Pick<Client, 'get' | 'create' | 'update' | 'updateStatus' | 'heartbeat'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly times: NodeTimes;
  readonly facts: NodeFacts;
  readonly health: (signal: AbortSignal) => Promise<NodeHealth>;
  /** Called after each heartbeat that the api took. */
  readonly onHeard: () => void;
}

/** Rung where the api wants the node's status before its time: `rung` until it is reported, `wake` ends the sleep before that. */
interface Bell {
  rung: boolean;
  wake: () => void;
}

/** Keeps the node's object in the api: registers it, sends heartbeats, and reports its status when it changed and now and then. */
export function registerNode(deps: RegistrarDeps): AsyncDisposable & { readonly registered: Promise<void> } {
  const stop = new AbortController();
  const { promise: registered, resolve, reject } = Promise.withResolvers<void>();
  registered.catch(() => {});
  const bell: Bell = { rung: false, wake: () => {} };
  const done = Promise.all([
    keepStatus(deps, bell, resolve, stop.signal),
    keepHeartbeat(deps, bell, registered, stop.signal),
  ]);
  return {
    registered,
    async [Symbol.asyncDispose]() {
      stop.abort();
      reject(new DOMException('the agent stopped', 'AbortError'));
      await done;
    },
  };
}

async function keepHeartbeat(
  { client, clock, log, times, facts, onHeard }: RegistrarDeps,
  bell: Bell,
  registered: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  await registered.catch(() => {});
  while (!signal.aborted) {
    let sleepMs = times.heartbeatMs;
    try {
      const timeoutMs = heartbeatTimeoutMs;
      const ttlMs = times.heartbeatMs * heartbeatsMissed;
      const { reportStatus } = await client.heartbeat(facts.name, ttlMs, { signal, timeoutMs });
      if (reportStatus) {
        bell.rung = true;
        bell.wake();
      }
      onHeard();
    } catch (error) {
      if (!signal.aborted) log.warn({ error }, 'the api does not hear this node');
      sleepMs = Math.min(heartbeatRetryMs, times.heartbeatMs);
    }
    await clock.sleep(sleepMs, signal).catch(() => {});
  }
}

async function keepStatus(deps: RegistrarDeps, bell: Bell, registered: () => void, signal: AbortSignal): Promise<void> {
  const { clock, log, times } = deps;
  let told = '';
  let toldAtMs = Number.NEGATIVE_INFINITY;
  for (let failures = 0; !signal.aborted; ) {
    try {
      if (bell.rung) told = '';
      bell.rung = false;
      const health = await deps.health(signal);
      const mark = markOf(health);
      if (mark !== told || clock.now() - toldAtMs >= times.reportMs) {
        await report(deps, health, signal);
        told = mark;
        toldAtMs = clock.now();
        registered();
      }
      failures = 0;
    } catch (error) {
      failures++;
      if (!signal.aborted) log.warn({ error }, 'the status of the node cannot be reported');
    }
    const nap = new AbortController();
    bell.wake = () => nap.abort();
    if (bell.rung) continue;
    const napMs = failures === 0 ? times.healthMs : backoffMs(defaultBackoff, failures);
    await clock.sleep(napMs, AbortSignal.any([signal, nap.signal])).catch(() => {});
  }
}

/** What a report is worth making for; amounts change all the time. */
function markOf(health: NodeHealth): string {
  const stored = nodeStatus({ ...emptyFacts, name: '' }, health, undefined, 0).conditions ?? [];
  return stored.map(({ type, status, message }) => `${type}=${status} ${message}`).join('\n');
}

const emptyFacts: NodeFacts = {
  name: '',
  addresses: [],
  agentAddress: undefined,
  podCidr: undefined,
  labels: {},
  capacity: {},
  allocatable: {},
  systemInfo: {},
};

async function report(deps: RegistrarDeps, health: NodeHealth, signal: AbortSignal): Promise<void> {
  const { client, clock, facts } = deps;
  const stored = await storedNode(deps, signal);
  const wanted = nodeObject(facts, stored);
  const node =
    stored === undefined
      ? await client.create<Node>(wanted, { signal })
      : isRegistered(stored, wanted)
        ? stored
        : await client.update<Node>(wanted, { signal });
  await client.updateStatus<Node>({ ...node, status: nodeStatus(facts, health, node, clock.now()) }, { signal });
}

async function storedNode({ client, facts }: RegistrarDeps, signal: AbortSignal): Promise<Node | undefined> {
  try {
    return await client.get('Node', { name: facts.name }, { signal });
  } catch (error) {
    if (isError(error, 'NotFound')) return undefined;
    throw error;
  }
}

function isRegistered(stored: Node, wanted: Node): boolean {
  const contains = (a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean =>
    Object.entries(b).every(([key, value]) => a[key] === value);
  return (
    contains(stored.metadata.labels, wanted.metadata.labels) &&
    contains(stored.metadata.annotations, wanted.metadata.annotations) &&
    stored.spec?.podCIDR === wanted.spec?.podCIDR
  );
}
