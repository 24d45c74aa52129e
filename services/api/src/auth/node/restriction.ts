import { isDeepStrictEqual } from 'node:util';
import { mirrorAnnotation } from '@gantry/model/kinds/pod/mirror.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { type Restriction, refusal, type WriteAttempt } from '../restriction.ts';
import { nodeOf } from './identity.ts';

/** Labels beside those of kubelet.kubernetes.io and node.kubernetes.io that a node may set on itself. */
const ownLabels = [
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
];

/** Keeps nodes from changing anything but themselves and their pods. Throws Forbidden in the words of Kubernetes' NodeRestriction. */
export const nodeRestriction: Restriction = (user, attempt) => {
  const node = nodeOf(user);
  if (node === undefined) return;
  const problem =
    node === '' ? `could not determine node from user ${JSON.stringify(user.name)}` : problemOf(node, attempt);
  if (problem !== undefined) throw refusal(attempt, problem);
};

function problemOf(node: string, attempt: WriteAttempt): string | undefined {
  switch (resourceOf(attempt.kind)) {
    case 'pods':
      return podProblem(node, attempt);
    case 'nodes':
      return nodeProblem(node, attempt);
    case 'leases.coordination.k8s.io':
      return attempt.name === node ? undefined : 'can only access node lease with the same name as the requesting node';
    case 'csinodes.storage.k8s.io':
      return attempt.name === node ? undefined : 'can only access CSINode with the same name as the requesting node';
    case 'podcertificaterequests.certificates.k8s.io':
      return certificateRequestProblem(node, attempt);
    case 'persistentvolumeclaims':
      return claimProblem(node, attempt);
    default:
      return undefined;
  }
}

function certificateRequestProblem(node: string, { verb, subresource, object }: WriteAttempt): string | undefined {
  if (verb !== 'create') return `unexpected operation ${verb.toUpperCase()}`;
  if (subresource !== '') return `unexpected subresource ${subresource}`;
  const named = (object?.spec as { readonly nodeName?: string } | undefined)?.nodeName ?? '';
  if (named === node) return undefined;
  const field = `PodCertificateRequest.Spec.NodeName=${JSON.stringify(named)}`;
  return `${field}, which is not the requesting node ${JSON.stringify(node)}`;
}

function podProblem(node: string, { verb, subresource, object, stored }: WriteAttempt): string | undefined {
  const who = `node ${JSON.stringify(node)}`;
  if (subresource === 'status') {
    if (stored?.spec?.nodeName !== node) {
      return `${who} can only update pod status for pods with spec.nodeName set to itself`;
    }
    const same = isDeepStrictEqual(object?.metadata.labels ?? {}, stored.metadata.labels ?? {});
    return same ? undefined : `${who} cannot update labels through pod status`;
  }
  if (subresource === 'eviction') {
    return stored?.spec?.nodeName === node
      ? undefined
      : `node ${node} can only evict pods with spec.nodeName set to itself`;
  }
  if (subresource !== '')
    return `unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`;
  if (verb === 'create') return mirrorPodProblem(node, object!);
  if (verb === 'delete') {
    return stored?.spec?.nodeName === node ? undefined : `${who} can only delete pods with spec.nodeName set to itself`;
  }
  return `unexpected operation "${verb.toUpperCase()}", ${who} can only create and delete mirror pods`;
}

function mirrorPodProblem(node: string, { metadata, spec }: AnyObject): string | undefined {
  const who = `node ${JSON.stringify(node)}`;
  if (metadata.annotations?.[mirrorAnnotation] === undefined) {
    return `pod does not have "${mirrorAnnotation}" annotation, ${who} can only create mirror pods`;
  }
  if (spec?.nodeName !== node) return `${who} can only create pods with spec.nodeName set to itself`;
  const [owner, ...others] = metadata.ownerReferences ?? [];
  const isOwn = owner?.apiVersion === 'v1' && owner.kind === 'Node' && owner.name === node && owner.controller === true;
  return isOwn && others.length === 0 && owner.blockOwnerDeletion !== true
    ? undefined
    : `${who} can only create pods with an owner reference set to itself`;
}

function nodeProblem(node: string, { verb, name, object, stored }: WriteAttempt): string | undefined {
  const who = `node ${JSON.stringify(node)}`;
  if (name !== node) return `${who} is not allowed to modify node ${JSON.stringify(name)}`;
  if (object === undefined || verb === 'delete') return undefined;
  const labels = forbiddenLabels(object.metadata.labels ?? {}, stored?.metadata.labels ?? {});
  if (stored === undefined) {
    return labels.length > 0 ? `${who} is not allowed to set the following labels: ${labels.join(', ')}` : undefined;
  }
  if (!isDeepStrictEqual(object.spec?.taints ?? [], stored.spec?.taints ?? [])) {
    return `${who} is not allowed to modify taints`;
  }
  if (!isDeepStrictEqual(object.metadata.ownerReferences ?? [], stored.metadata.ownerReferences ?? [])) {
    return `${who} is not allowed to modify ownerReferences`;
  }
  return labels.length > 0 ? `is not allowed to modify labels: ${labels.join(', ')}` : undefined;
}

type Labels = Readonly<Record<string, string>>;

/** Labels that differ and that a node may not set, in order. */
function forbiddenLabels(labels: Labels, stored: Labels): string[] {
  const keys = new Set([...Object.keys(labels), ...Object.keys(stored)]);
  return [...keys].filter((key) => labels[key] !== stored[key] && !isOwnLabel(key)).sort();
}

function isOwnLabel(key: string): boolean {
  const [domain] = key.includes('/') ? key.split('/', 1) : [''];
  const isIn = (root: string): boolean => domain === root || domain!.endsWith(`.${root}`);
  if (isIn('node-restriction.kubernetes.io')) return false;
  if (!isIn('kubernetes.io') && !isIn('k8s.io')) return true;
  return ownLabels.includes(key) || isIn('kubelet.kubernetes.io') || isIn('node.kubernetes.io');
}

function claimProblem(node: string, { subresource, object, stored }: WriteAttempt): string | undefined {
  if (subresource !== 'status') return 'may only update PVC status';
  const [after, before] = [object, stored].map((one) => {
    const { managedFields: _, resourceVersion: _v, ...metadata } = one?.metadata ?? {};
    const {
      capacity: _c,
      conditions: _k,
      allocatedResources: _a,
      allocatedResourceStatuses: _s,
      ...status
    } = one?.status ?? {};
    return { ...one, metadata, status };
  });
  if (isDeepStrictEqual(after, before)) return undefined;
  return `node ${JSON.stringify(node)} is not allowed to update fields other than status.quantity and status.conditions`;
}
