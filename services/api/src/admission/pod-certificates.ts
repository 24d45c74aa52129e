import { genericKindOf } from '@gantry/model/built-in.ts';
import type { PodCertificateRequest } from '@gantry/model/gen/gantry.certificates.v1.ts';
import type { Node, Pod, ServiceAccount } from '@gantry/model/gen/gantry.core.v1.ts';
import { mirrorAnnotation } from '@gantry/model/kinds/pod/mirror.ts';
import type { Store } from '@gantry/store/store.ts';
import { nodeOf } from '../auth/node/identity.ts';
import { refusal } from '../auth/restriction.ts';
import { objectKey } from '../core/keys.ts';
import type { ObjectCache } from '../core/stored-object.ts';
import type { AdmissionStep } from './chain.ts';

const pods = genericKindOf('Pod');
const nodes = genericKindOf('Node');
const accounts = genericKindOf('ServiceAccount');

interface Deps {
  readonly store: Pick<Store, 'get'>;
  readonly cache: ObjectCache;
}

/**
 * Keeps nodes from asking for certificates but for pods that run there, as their accounts and of signers that their volumes name: the
 * part of NodeRestriction that has to read other objects. Throws Forbidden.
 */
export function podCertificateStep(deps: Deps): AdmissionStep {
  return {
    name: 'NodeRestriction',
    handles: ({ kind, operation, request }) =>
      operation === 'CREATE' && kind.kind === 'PodCertificateRequest' && nodeOf(request.user) !== undefined,
    validate: async ({ kind, object, namespace, name }) => {
      const request = object as unknown as PodCertificateRequest;
      const problem = await problemOf(deps, request, namespace);
      if (problem !== undefined) throw refusal({ kind, name }, problem);
    },
  };
}

async function problemOf(deps: Deps, { spec }: PodCertificateRequest, namespace: string): Promise<string | undefined> {
  const { nodeName = '', nodeUID, podName = '', podUID, serviceAccountName = '', serviceAccountUID, signerName } = spec;
  const who = JSON.stringify(`${namespace}/${podName}`);
  const about = `PodCertificateRequest for pod ${who}`;
  const node = await read<Node>(deps, objectKey(nodes, undefined, nodeName));
  if (node === undefined || node.metadata.uid !== nodeUID) {
    return `${about} names node UID ${JSON.stringify(nodeUID)}, inconsistent with the running node`;
  }
  const pod = await read<Pod>(deps, objectKey(pods, namespace, podName));
  if (pod === undefined || pod.metadata.uid !== podUID) {
    return `${about} contains pod UID (${JSON.stringify(podUID)}) which differs from running pod`;
  }
  if (pod.spec.nodeName !== nodeName) {
    return `pod ${who} is not running on node ${JSON.stringify(nodeName)} named in the PodCertificateRequest`;
  }
  if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return `pod ${who} is a mirror pod`;
  if (pod.spec.serviceAccountName !== serviceAccountName) {
    return `${about} contains serviceAccountName (${JSON.stringify(serviceAccountName)}) that differs from running pod`;
  }
  const account = await read<ServiceAccount>(deps, objectKey(accounts, namespace, serviceAccountName));
  if (account === undefined || account.metadata.uid !== serviceAccountUID) {
    return `${about} names service account UID ${JSON.stringify(serviceAccountUID)}, which differs from the running service account`;
  }
  const named = signerName !== undefined && signersOf(pod).has(signerName);
  return named ? undefined : `${about} names signer ${JSON.stringify(signerName)}, which no volume of the pod names`;
}

function signersOf({ spec }: Pod): ReadonlySet<string> {
  const sources = (spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  return new Set(sources.flatMap(({ podCertificate }) => podCertificate?.signerName ?? []));
}

async function read<T>({ store, cache }: Deps, key: string): Promise<T | undefined> {
  const entry = await store.get(key);
  return entry && (cache.decode(entry).object as unknown as T);
}
