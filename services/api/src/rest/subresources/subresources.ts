import { resourceOf } from '@gantry/model/registry.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Outgoing } from '../answer.ts';
import { handleProxy } from '../proxying/proxy.ts';
import type { ResourceDeps, ResourceRequest } from '../request.ts';
import { handleBinding } from './binding.ts';
import { handleEviction } from './eviction.ts';
import { handleLog } from './log.ts';
import { handleScale } from './scale.ts';
import { handleToken } from './token.ts';

/** Answers a request for a subresource. */
export type SubresourceHandler = (deps: ResourceDeps, request: ResourceRequest, response: Outgoing) => Promise<void>;

/** Subresources beside status, by resource. */
const handlers: Readonly<Record<string, SubresourceHandler>> = {
  'deployments.apps/scale': handleScale,
  'replicasets.apps/scale': handleScale,
  'replicationcontrollers/scale': handleScale,
  'statefulsets.apps/scale': handleScale,
  'pods/binding': handleBinding,
  'pods/eviction': handleEviction,
  'pods/log': handleLog,
  'pods/proxy': handleProxy,
  'services/proxy': handleProxy,
  'serviceaccounts/token': handleToken,
  'pods/attach': refuseWithoutUpgrade,
  'pods/exec': refuseWithoutUpgrade,
  'pods/portforward': refuseWithoutUpgrade,
};

/** Refuses a request for a stream that came without a protocol to stream in. */
async function refuseWithoutUpgrade(): Promise<void> {
  throw new GantryError('BadRequest', 'Upgrade request required');
}

/** Answers a request for a subresource beside status; throws NotFound for one that the resource does not have. */
export async function handleSubresource(
  deps: ResourceDeps,
  request: ResourceRequest,
  response: Outgoing,
): Promise<void> {
  const name = `${resourceOf(request.kind)}/${request.route.subresource}`;
  const handle = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (handle === undefined) throw new GantryError('NotFound', 'the server could not find the requested resource');
  await handle(deps, request, response);
}

const proxyVerbs = ['create', 'delete', 'get', 'patch', 'update'];

/** Subresources of a resource, as discovery lists them. */
export const subresourceDiscovery: Readonly<
  Record<
    string,
    { readonly group: string; readonly version: string; readonly kind: string; readonly verbs: readonly string[] }
  >
> = {
  'deployments.apps/scale': { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] },
  'replicasets.apps/scale': { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] },
  'replicationcontrollers/scale': {
    group: 'autoscaling',
    version: 'v1',
    kind: 'Scale',
    verbs: ['get', 'patch', 'update'],
  },
  'statefulsets.apps/scale': { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] },
  'serviceaccounts/token': { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', verbs: ['create'] },
  'pods/binding': { group: '', version: 'v1', kind: 'Binding', verbs: ['create'] },
  'pods/eviction': { group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
  'pods/log': { group: '', version: 'v1', kind: 'Pod', verbs: ['get'] },
  'pods/attach': { group: '', version: 'v1', kind: 'PodAttachOptions', verbs: ['create', 'get'] },
  'pods/exec': { group: '', version: 'v1', kind: 'PodExecOptions', verbs: ['create', 'get'] },
  'pods/proxy': { group: '', version: 'v1', kind: 'PodProxyOptions', verbs: proxyVerbs },
  'services/proxy': { group: '', version: 'v1', kind: 'ServiceProxyOptions', verbs: proxyVerbs },
  'pods/portforward': { group: '', version: 'v1', kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
};
