import type { ItemResult } from '@gantry/client/api.ts';
import type { Binding, EvictRequest, PodReport, UnschedulablePod } from '@gantry/client/object-messages.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { NodeApi } from '../nodes/service.ts';
import type { SchedulingApi } from '../scheduling/service.ts';
import type { Calls } from './calls.ts';
import { on } from './purposes.ts';

/** SchedulingService over its core. */
export function schedulingHandlers(api: SchedulingApi, calls: Calls): UntypedServiceImplementation {
  type Bind = { readonly bindings?: readonly Partial<Binding>[]; readonly scheduler?: string };
  type Report = { readonly pods?: readonly Partial<UnschedulablePod>[]; readonly scheduler?: string };
  return {
    Bind: calls.unary(
      async (context, { bindings = [], scheduler = '' }: Bind) => {
        const items = bindings.map((binding) => {
          const { namespace = '', name = '', uid = '', nodeName = '', gpuDevices = [], gang = '' } = binding;
          return { namespace, name, uid, nodeName, gpuDevices, gang };
        });
        return resultsOf(await api.bind(context, items, scheduler));
      },
      () => on('create', 'pods/binding'),
    ),
    ReportUnschedulable: calls.unary(
      async (context, { pods = [], scheduler = '' }: Report) => {
        const items = pods.map(
          ({ namespace = '', name = '', uid = '', reason = '', message = '', nominatedNodeName = '' }) => {
            return { namespace, name, uid, reason, message, nominatedNodeName };
          },
        );
        return resultsOf(await api.reportUnschedulable(context, items, scheduler));
      },
      () => on('patch', 'pods/status'),
    ),
    Evict: calls.unary(
      async (context, request: Partial<EvictRequest> & { readonly dryRun?: boolean }) => {
        await api.evict(context, { ...request, namespace: request.namespace ?? '', name: request.name ?? '' });
        return {};
      },
      ({ namespace, name }) => on('create', 'pods/eviction', namespace, name),
    ),
  };
}

/** Heartbeats stand for the leases of nodes, by which these live. */
const leases = 'leases.coordination.k8s.io';

/** NodeService over its core. */
export function nodeHandlers(api: NodeApi, calls: Calls): UntypedServiceImplementation {
  type Heartbeat = { readonly nodeName?: string; readonly ttlMs?: number };
  type Report = { readonly nodeName?: string; readonly pods?: readonly Partial<PodReport>[] };
  return {
    Heartbeat: calls.unary(
      (context, { nodeName = '', ttlMs = 0 }: Heartbeat) => api.heartbeat(context, nodeName, ttlMs),
      ({ nodeName }) => on('update', leases, 'kube-node-lease', nodeName),
    ),
    ListHeartbeats: calls.unary(
      (context, _request: object) => api.heartbeats(context),
      () => on('list', leases, 'kube-node-lease'),
    ),
    ReportPods: calls.unary(
      async (context, { nodeName = '', pods = [] }: Report) => {
        const items = pods.map(({ namespace = '', name = '', uid = '', status, terminated = false }) => {
          return { namespace, name, uid, status: status ?? {}, terminated };
        });
        return resultsOf(await api.reportPods(context, nodeName, items));
      },
      () => on('patch', 'pods/status'),
    ),
  };
}

function resultsOf(results: readonly ItemResult[]): { readonly results: readonly ItemResult[] } {
  return { results };
}
