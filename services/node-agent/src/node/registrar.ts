import type { Client } from '@gantry/client/client.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { type NodeFacts, type NodeHealth, nodeObject, nodeStatus } from './object.ts';

/** Periods in which the api hears of a node, all in milliseconds. */
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
const periodsToLive = 2;
/** Deadline of a heartbeat, and the wait before one that failed is sent again. */
const heartbeatTimeoutMs = 5_000;
const heartbeatRetryMs = 1_000;

/** Everything that registering needs. */
export interface RegistrarDeps {
  readonly client: Pick<Client, 'get' | 'create' | 'update' | 'updateStatus' | 'delete' | 'heartbeat'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly times: NodeTimes;
  readonly facts: NodeFacts;
  readonly health: (signal: AbortSignal) => Promise<NodeHealth>;
  /** Called after each heartbeat that the api took. */
  readonly onHeard: () => void;
}

/** The api's wish for a report before its time: `pending` until one is made, `wake` ends the sleep before it. */
interface ReportRequest {
  pending: boolean;
  wake: () => void;
}

/**
 * Keeps the node's object in the api: registers it, sends heartbeats, and reports its status when it changed, when the api
 * asks for it, and now and then. A node that the api forgot is registered anew.
 */
export function registerNode(deps: RegistrarDeps): AsyncDisposable & { readonly registered: Promise<void> } {
  const stop = new AbortController();
  const { promise: registered, resolve, reject } = Promise.withResolvers<void>();
  registered.catch(() => {});
  const request: ReportRequest = { pending: false, wake: () => {} };
  const done = Promise.all([
    keepStatus(deps, request, resolve, stop.signal),
    keepHeartbeat(deps, request, registered, stop.signal),
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
  request: ReportRequest,
  registered: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  await registered.catch(() => {});
  while (!signal.aborted) {
    let sleepMs = times.heartbeatMs;
    try {
      const timeoutMs = heartbeatTimeoutMs;
      const ttlMs = times.heartbeatMs * periodsToLive;
      const { reportStatus } = await client.heartbeat(facts.name, ttlMs, { signal, timeoutMs });
      if (reportStatus) {
        request.pending = true;
        request.wake();
      }
      onHeard();
    } catch (error) {
      if (!signal.aborted) log.warn({ error }, 'a heartbeat failed and will be repeated');
      sleepMs = Math.min(heartbeatRetryMs, times.heartbeatMs);
    }
    await clock.sleep(sleepMs, signal).catch(() => {});
  }
}

async function keepStatus(
  deps: RegistrarDeps,
  request: ReportRequest,
  onRegistered: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, times } = deps;
  let isRegistered = false;
  let reported = '';
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  for (let failures = 0; !signal.aborted; ) {
    try {
      if (request.pending) reported = '';
      request.pending = false;
      const health = await deps.health(signal);
      const summary = summaryOf(health);
      if (summary !== reported || clock.monotonic() - reportedAtMs >= times.reportMs) {
        await report(deps, health, isRegistered, signal);
        reported = summary;
        reportedAtMs = clock.monotonic();
        isRegistered = true;
        onRegistered();
      }
      failures = 0;
    } catch (error) {
      failures++;
      if (!signal.aborted) log.warn({ error }, 'the status of the node cannot be reported');
    }
    const nap = new AbortController();
    request.wake = () => nap.abort();
    if (request.pending) continue;
    const napMs = failures === 0 ? times.healthMs : backoffMs(defaultBackoff, failures);
    await clock.sleep(napMs, AbortSignal.any([signal, nap.signal])).catch(() => {});
  }
}

/** The part of a health that is worth a report when it changes; amounts change all the time. */
function summaryOf(health: NodeHealth): string {
  const conditions = nodeStatus(noFacts, health, undefined, 0).conditions ?? [];
  return conditions.map(({ type, status, message }) => `${type}=${status} ${message}`).join('\n');
}

const noFacts: NodeFacts = {
  name: '',
  addresses: [],
  agentAddress: undefined,
  podCidr: undefined,
  labels: {},
  taints: [],
  providerId: undefined,
  capacity: {},
  allocatable: {},
  systemInfo: {},
};

async function report(
  deps: RegistrarDeps,
  health: NodeHealth,
  isRegistered: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { client, clock, facts } = deps;
  const stored = await storedNode(deps, signal);
  const node = await register(deps, stored, isRegistered, signal);
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

/** Makes the stored node say where and what this node is; resolves with it. */
async function register(
  deps: RegistrarDeps,
  stored: Node | undefined,
  isRegistered: boolean,
  signal: AbortSignal,
): Promise<Node> {
  const { client, facts } = deps;
  const wanted = nodeObject(facts, stored);
  if (stored === undefined) return client.create<Node>(wanted, { signal });
  if (hasOtherPodRange(stored, facts)) {
    // Two agents under one name would replace each other's node for ever: an agent replaces a node when it starts, only.
    if (isRegistered) throw nameTaken(facts, stored);
    return replace(deps, stored, signal);
  }
  return isCurrent(stored, wanted) ? stored : client.update<Node>(wanted, { signal });
}

function hasOtherPodRange({ spec }: Node, { podCidr }: NodeFacts): boolean {
  return podCidr !== undefined && Boolean(spec?.podCIDR) && spec?.podCIDR !== podCidr;
}

/**
 * Puts a new node in the place of one whose pod range this agent cannot serve: the range of a node is fixed. Labels,
 * annotations, taints and a cordon stay.
 */
async function replace({ client, facts, log }: RegistrarDeps, stored: Node, signal: AbortSignal): Promise<Node> {
  const { name } = facts;
  const { labels, annotations, uid } = stored.metadata;
  const { taints, unschedulable } = stored.spec ?? {};
  const ranges = { stored: stored.spec?.podCIDR, own: facts.podCidr };
  log.warn({ node: name, ranges }, 'the node is registered with another range of pod addresses, and is replaced');
  const { gone } = await client.delete('Node', { name }, { ...(uid === undefined ? {} : { uid }), signal });
  if (!gone) {
    const held = (stored.metadata.finalizers ?? []).join(', ');
    throw new GantryError('Conflict', `node "${name}" cannot be replaced before its finalizers end: ${held}`);
  }
  const kept: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, ...(labels && { labels }), ...(annotations && { annotations }) },
    spec: { ...(taints && { taints }), ...(unschedulable === undefined ? {} : { unschedulable }) },
  };
  return client.create<Node>(nodeObject(facts, kept), { signal });
}

function nameTaken({ name, podCidr }: NodeFacts, { spec }: Node): GantryError {
  const message = `node "${name}" was registered anew with pod range ${spec?.podCIDR} instead of ${podCidr}: does another agent use its name?`;
  return new GantryError('Conflict', message, { resource: { group: '', resource: 'nodes', name } });
}

function isCurrent(stored: Node, wanted: Node): boolean {
  const contains = (a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean =>
    Object.entries(b).every(([key, value]) => a[key] === value);
  return (
    contains(stored.metadata.labels, wanted.metadata.labels) &&
    contains(stored.metadata.annotations, wanted.metadata.annotations) &&
    stored.spec?.podCIDR === wanted.spec?.podCIDR &&
    stored.spec?.providerID === wanted.spec?.providerID
  );
}
