import type { PolicyRule } from '@gantry/model/gen/gantry.rbac.v1.ts';
import type { Authorizer, ResourceAttempt, Verdict } from '../authorization.ts';
import { allows } from '../rbac/rules.ts';
import type { NodeGraph } from './graph.ts';
import { nodeOf } from './identity.ts';

const allowed: Verdict = { decision: 'allow', reason: '' };
const no = (reason = ''): Verdict => ({ decision: 'no opinion', reason: reason === '' ? '' : `node: ${reason}` });

/** Namespace of nodes' leases. */
const leaseNamespace = 'kube-node-lease';

/**
 * Decides about nodes: a node reads what its pods refer to, and writes what is its own. Whose node and pods a write is about the
 * restriction of nodes checks, which sees the object. In Kubernetes' rules and words.
 * @param rules Of nodes, for resources that all nodes share.
 */
export function nodeAuthorizer(
  graph: Pick<NodeGraph, 'hasPod' | 'refersTo' | 'usesVolume'>,
  rules: readonly PolicyRule[],
): Authorizer {
  return (user, attempt) => {
    const node = nodeOf(user);
    if (node === undefined) return no();
    if (node === '') return no(`unknown node for user ${JSON.stringify(user.name)}`);
    if (attempt.type === 'resource') {
      const verdict = aboutNode(graph, node, attempt);
      if (verdict !== undefined) return verdict;
    }
    return rules.some((rule) => allows(rule, attempt)) ? allowed : no();
  };
}

type Graph = Pick<NodeGraph, 'hasPod' | 'refersTo' | 'usesVolume'>;

/** The verdict on a resource that is divided between nodes; undefined for one that is not. */
function aboutNode(graph: Graph, node: string, attempt: ResourceAttempt): Verdict | undefined {
  const type = attempt.group === '' ? attempt.resource : `${attempt.resource}.${attempt.group}`;
  const { namespace, name } = attempt;
  const related = (is: () => boolean): Verdict => {
    if (name === '') return no('No Object name found');
    return is() ? allowed : no(`no relationship found between node '${node}' and this object`);
  };
  switch (type) {
    case 'secrets':
      return readOnly(attempt) ?? related(() => graph.refersTo(node, 'secret', namespace, name));
    case 'configmaps':
      return readOnly(attempt) ?? related(() => graph.refersTo(node, 'configmap', namespace, name));
    case 'persistentvolumeclaims':
      return claim(attempt) ?? related(() => graph.refersTo(node, 'claim', namespace, name));
    case 'persistentvolumes':
      return getOnly(attempt) ?? related(() => graph.usesVolume(node, name));
    case 'serviceaccounts':
      return account(attempt) ?? related(() => graph.refersTo(node, 'account', namespace, name));
    case 'leases.coordination.k8s.io':
      return lease(node, attempt);
    case 'csinodes.storage.k8s.io':
      return csiNode(node, attempt);
    case 'podcertificaterequests.certificates.k8s.io':
      return certificateRequest(node, attempt);
    case 'nodes':
      return aNode(node, attempt);
    case 'pods':
      return pod(
        node,
        attempt,
        related(() => graph.hasPod(node, namespace, name)),
      );
    default:
      return undefined;
  }
}

function readOnly({ verb, subresource, namespace }: ResourceAttempt): Verdict | undefined {
  if (!['get', 'list', 'watch'].includes(verb)) return no('can only read resources of this type');
  if (subresource !== '') return no('cannot read subresource');
  return namespace === '' ? no('can only read namespaced object of this type') : undefined;
}

function getOnly({ verb, subresource }: ResourceAttempt): Verdict | undefined {
  if (verb !== 'get') return no('can only get individual resources of this type');
  return subresource === '' ? undefined : no('cannot get subresource');
}

function claim(attempt: ResourceAttempt): Verdict | undefined {
  if (attempt.subresource !== 'status') return getOnly(attempt);
  return ['update', 'patch'].includes(attempt.verb) ? undefined : no('can only get/update/patch this type');
}

function account(attempt: ResourceAttempt): Verdict | undefined {
  const { verb, subresource, name } = attempt;
  if (verb === 'get' && subresource === '') return readOnly(attempt);
  if (verb !== 'create' || name === '') return no('can only create tokens for individual service accounts');
  return subresource === 'token' ? undefined : no('can only create token subresource of serviceaccount');
}

const ownVerbs = ['get', 'create', 'update', 'patch', 'delete'];

function lease(node: string, { verb, namespace, name }: ResourceAttempt): Verdict {
  if (!ownVerbs.includes(verb)) return no('can only get, create, update, patch, or delete a node lease');
  if (namespace !== leaseNamespace) return no(`can only access leases in the "${leaseNamespace}" system namespace`);
  // The name of a new one is not known here.
  if (verb === 'create' || name === node) return allowed;
  return no('can only access node lease with the same name as the requesting node');
}

function csiNode(node: string, { verb, subresource, name }: ResourceAttempt): Verdict {
  if (subresource !== '') return no('cannot authorize CSINode subresources');
  if (!ownVerbs.includes(verb)) return no('can only get, create, update, patch, or delete a CSINode');
  if (verb === 'create' || name === node) return allowed;
  return no('can only access CSINode with the same name as the requesting node');
}

/** Requests for certificates of pods. Kubernetes' nodes also get single ones by name; ours only watch. */
function certificateRequest(node: string, { verb, subresource, fields = {} }: ResourceAttempt): Verdict {
  if (subresource !== '') return no('nodes may not access the status subresource of PodCertificateRequests');
  if (verb === 'create') return allowed;
  if (verb !== 'list' && verb !== 'watch') return no(`nodes may not ${verb} podcertificaterequests`);
  if (fields['spec.nodeName'] === node) return allowed;
  return no('can only list/watch podcertificaterequests with nodeName field selector');
}

function aNode(node: string, { verb, subresource, name }: ResourceAttempt): Verdict {
  if (subresource === 'status') return ['update', 'patch'].includes(verb) ? allowed : no();
  if (subresource !== '') return no();
  if (['create', 'update', 'patch'].includes(verb)) return allowed;
  // An agent whose range of addresses is another one replaces its own node. Kubernetes' kubelet never does.
  if (verb === 'delete') return name === node ? allowed : no();
  if (!['get', 'list', 'watch'].includes(verb)) return no();
  if (name === node) return allowed;
  const others = name === '' ? 'all nodes' : `'${name}'`;
  return no(`node '${node}' cannot read ${others}, only its own Node object`);
}

function pod(node: string, { verb, subresource, name, fields = {} }: ResourceAttempt, related: Verdict): Verdict {
  switch (subresource) {
    case '':
      if (verb === 'get') return related;
      if (verb === 'create' || verb === 'delete') return allowed;
      if (verb !== 'list' && verb !== 'watch') return no();
      if (fields['spec.nodeName'] === node) return allowed;
      return name === '' ? no('can only list/watch pods with spec.nodeName field selector') : related;
    case 'status':
      return ['update', 'patch'].includes(verb) ? allowed : no();
    case 'eviction':
      return verb === 'create' ? allowed : no();
    default:
      return no();
  }
}
