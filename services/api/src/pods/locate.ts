import { genericKindOf } from '@gantry/model/built-in.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import type { CoreDeps } from '../core/context.ts';
import { readStored } from '../core/writer.ts';

/** Annotation of a node with the `host:port` of its agent's gRPC, if that is not its InternalIP and kubelet port. */
export const agentAddressAnnotation = 'gantry.dev/agent-address';

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';
const pods = genericKindOf('Pod');
const nodes = genericKindOf('Node');

/** A node's agent. */
export interface Agent {
  /** Name of its node, which its certificate must hold. */
  readonly nodeName: string;
  /** `host:port`. */
  readonly address: string;
}

/** A running pod and the agent to ask about it. */
export interface LocatedPod {
  readonly pod: Pod;
  readonly agent: Agent;
}

/** Finds the agent of a pod's node. Throws with the words that say why there is none. */
export async function locatePod(deps: CoreDeps, namespace: string, name: string): Promise<LocatedPod> {
  if (namespace === '') throw new GantryError('BadRequest', 'ref.namespace: Required value');
  if (name === '') throw new GantryError('BadRequest', 'ref.pod: Required value');
  const pod = (await readStored(deps, { kind: pods, namespace, name })).object as unknown as Pod;
  const nodeName = pod.spec.nodeName ?? '';
  if (nodeName === '') throw new GantryError('BadRequest', `pod ${name} does not have a host assigned`);
  try {
    const node = (await readStored(deps, { kind: nodes, namespace: '', name: nodeName })).object as unknown as Node;
    return { pod, agent: agentOf(node) };
  } catch (error) {
    if (!isError(error, 'NotFound')) throw error;
    throw new GantryError('ServiceUnavailable', `pod ${name} is on node "${nodeName}", which does not exist any more`);
  }
}

/** The agent of a node. Throws ServiceUnavailable for a node that does not tell where it listens. */
export function agentOf(node: Node): Agent {
  return { nodeName: node.metadata.name!, address: agentAddressOf(node) };
}

function agentAddressOf(node: Node): string {
  const annotated = node.metadata.annotations?.[agentAddressAnnotation];
  if (annotated) return annotated;
  const address = (node.status?.addresses ?? []).find(({ type }) => type === 'InternalIP')?.address;
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
  if (!address || port === 0) {
    throw new GantryError('ServiceUnavailable', `node "${node.metadata.name}" does not say where its agent listens`);
  }
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The container that is meant: the one named, else the default one. Throws BadRequest in Kubernetes' words. */
export function containerOf({ metadata, spec }: Pod, asked: string): string {
  const names = [...(spec.containers ?? []), ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])].map(
    (container) => container.name,
  );
  if (asked !== '') {
    if (names.includes(asked)) return asked;
    throw new GantryError('BadRequest', `container ${asked} is not valid for pod ${metadata.name}`);
  }
  const preferred = metadata.annotations?.[defaultContainerAnnotation];
  if (preferred && names.includes(preferred)) return preferred;
  if (spec.containers.length === 1) return spec.containers[0]!.name;
  const regular = spec.containers.map(({ name }) => name).join(' ');
  throw new GantryError(
    'BadRequest',
    `a container name must be specified for pod ${metadata.name}, choose one of: [${regular}]`,
  );
}
