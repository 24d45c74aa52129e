import { stat } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { HealthMetrics } from '@gantry/runtime/health-metrics.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Registry } from 'prom-client';
import type { Pods } from '../pods/pods.ts';
import type { Access } from './access.ts';
import { type Answer, notFound, plain, send } from './answer.ts';
import { cadvisorMetrics } from './cadvisor-metrics.ts';
import { sendContainerLog } from './container-log.ts';
import { exposition, expositionType, type Family } from './exposition.ts';
import { kubeletMetrics } from './kubelet-metrics.ts';
import { serveNodeLogs } from './node-logs.ts';
import type { ProbeCounts } from './probe-counts.ts';
import { resourceMetrics } from './resource-metrics.ts';
import { summaryOf } from './summary.ts';
import { type NodeReading, readingsOf, type UsageDeps } from './usage.ts';

/** Dependencies of a node's paths. */
export interface PathsDeps extends UsageDeps {
  readonly nodeName: string;
  readonly pods: Pods;
  readonly cgroupRoot: string;
  /** Folder of the containers' logs. */
  readonly logsDir: string;
  readonly access: Pick<Access, 'refusalOf'>;
  /** The agent's own metrics. */
  readonly registry: Registry;
  readonly probes: Pick<ProbeCounts, 'families'>;
  /** Reason why the node's runtime does not answer; undefined where it does. */
  readonly problem: () => string | undefined;
  /** Start of the agent, in milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  readonly log: Logger;
}

const json = 'application/json';

/** Answers at the paths of Kubernetes' kubelets that tell of the node: metrics, statistics, pods and health. */
export function kubeletPaths(deps: PathsDeps): RequestListener {
  const known = { ...deps, health: new HealthMetrics(deps.startedAtMs) };
  return (incoming, response) => {
    answer(known, incoming, response).catch((error: unknown) => {
      deps.log.error({ error, url: incoming.url }, 'a request for a path of the node failed');
      if (response.headersSent) response.destroy();
      else send(response, { code: 500, type: plain, text: 'Internal Server Error\n' });
    });
  };
}

async function answer(deps: Known, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  // Nothing here reads a body.
  incoming.resume();
  const url = URL.parse(incoming.url ?? '/', 'https://node');
  if (url === null) return send(response, { code: 400, type: plain, text: 'Bad Request\n' });
  const refusal = await deps.access.refusalOf(incoming, url.pathname);
  if (refusal !== undefined) return send(response, { ...refusal, type: plain });
  const found = pathAt(url.pathname);
  if (found === undefined) return send(response, notFound);
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
    return send(response, { code: 405, type: plain, text: '405: Method Not Allowed' });
  }
  await found(deps, url, response);
}

/** Dependencies, and the results of questions for health so far. */
interface Known extends PathsDeps {
  readonly health: HealthMetrics;
}

type Path = (deps: Known, url: URL, response: ServerResponse) => void | Promise<void>;
type Document = (deps: Known, query: URLSearchParams) => Answer | Promise<Answer>;

function pathAt(pathname: string): Path | undefined {
  const [, top] = pathname.split('/');
  if (top === 'logs') return ({ logsDir }, url, response) => serveNodeLogs(logsDir, url.pathname, response);
  if (top === 'containerLogs') return sendContainerLog;
  const found = documents[pathname.replace(/(?<=.)\/$/, '')];
  return found && (async (deps, url, response) => send(response, await found(deps, url.searchParams)));
}

const documents: Readonly<Record<string, Document>> = {
  '/healthz': ({ problem, health }) => {
    const why = problem();
    health.observe('ping', 'healthz', true);
    health.observe('runtime', 'healthz', why === undefined);
    return why === undefined ? { type: plain, text: 'ok' } : { code: 500, type: plain, text: `runtime: ${why}\n` };
  },
  '/healthz/ping': () => ({ type: plain, text: 'ok' }),
  '/metrics': async (deps) => {
    const own = exposition(kubeletMetrics(deps.nodeName, readingsOf(deps)));
    return { type: expositionType, text: `${own}${await deps.registry.metrics()}` };
  },
  '/metrics/resource': (deps) => told(resourceMetrics(readingsOf(deps))),
  '/metrics/cadvisor': (deps) => told(cadvisorMetrics(readingsOf(deps), deps.cgroupRoot)),
  '/metrics/slis': async ({ health }) => ({ type: expositionType, text: await health.text() }),
  '/metrics/probes': ({ probes }) => told(probes.families()),
  '/stats/summary': async (deps, query) => {
    const reading = readingsOf(deps);
    const onlyCpuAndMemory = query.get('only_cpu_and_memory') === 'true';
    const logBytes = onlyCpuAndMemory ? new Map<string, number>() : await logSizes(reading);
    const { nodeName, startedAtMs } = deps;
    return document(summaryOf(reading, { nodeName, startedAtMs, logBytes }, onlyCpuAndMemory));
  },
  '/pods': ({ pods }) => {
    const items = [...pods.workers()].map(({ pod, status }) => (status === undefined ? pod : { ...pod, status }));
    return document({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items });
  },
  '/runningpods': (deps) => document({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: runningPods(deps) }),
};

function told(families: readonly Family[]): Answer {
  return { type: expositionType, text: exposition(families) };
}

function document(value: object): Answer {
  return { type: json, text: JSON.stringify(value) };
}

/** Pods as the runtime sees them: those with running containers, without what the api knows of them. */
function runningPods(deps: PathsDeps): object[] {
  return readingsOf(deps)
    .pods.filter(({ containers }) => containers.length > 0)
    .map(({ pod, uid, containers }) => ({
      metadata: { name: pod.metadata.name, namespace: pod.metadata.namespace, uid },
      spec: { containers: containers.map(({ container: { name, image } }) => ({ name, image })) },
      status: {},
    }));
}

/** Bytes of the containers' logs, by the containers' ids; those that are gone count nothing. */
async function logSizes({ pods }: NodeReading): Promise<Map<string, number>> {
  const containers = pods.flatMap((pod) => pod.containers.map(({ container }) => container));
  const sizes = await Promise.all(
    containers.map(async ({ id, logPath }) => [id, (await stat(logPath).catch(() => undefined))?.size ?? 0] as const),
  );
  return new Map(sizes);
}
