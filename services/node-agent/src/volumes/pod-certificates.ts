import { watchSource } from '@gantry/client/change-source.ts';
import { Informer } from '@gantry/client/informer.ts';
import type { PodCertificateRequest } from '@gantry/model/gen/gantry.certificates.v1.ts';
import type { Pod, PodCertificateProjection } from '@gantry/model/gen/gantry.core.v1.ts';
import { defaultServiceAccount } from '@gantry/model/kinds/serviceaccount/names.ts';
import { makeKeyAndProof } from '@gantry/pki/proof.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { AgentApi } from '../api.ts';
import { contain } from '../contain.ts';
import type { RecordPodEvent } from '../pods/events.ts';
import { podUid } from '../pods/spec.ts';
import { withDeadline } from './deadline.ts';
import { certificatesIn } from './pem.ts';

/** A request that is not there so long after it was made has been deleted: the kubelet's time. */
const abandonMs = 600_000;
/** Renewals of many pods are spread over this time, as the kubelet's are. */
const jitterMs = 300_000;
/** A renewal that failed is tried again after this long. */
const retryMs = 10_000;

/** A key and its certificates, each in PEM. */
export interface Credential {
  readonly key: string;
  readonly chain: string;
}

/** State of one projection's credential; times are of the wall clock. */
interface Held {
  credential?: Credential;
  renewAtMs: number;
  /** The request that is under way. */
  pending?: { readonly name: string; readonly key: string; readonly abandonAtMs: number };
  /** Reason for which there will be no certificate. */
  refusal?: string;
}

/** Dependencies of the certificates. */
export interface PodCertificateDeps {
  readonly api: Pick<AgentApi, 'get' | 'create' | 'list' | 'watch'>;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly recordEvent: RecordPodEvent;
  /** Called with a pod of which a request has changed. */
  readonly onChange: (podUid: string) => void;
}

/** The keys and certificates in the volumes of the node's pods. Keys never leave the node. */
export class PodCertificates implements AsyncDisposable {
  readonly #deps: PodCertificateDeps;
  /** By pod's uid, then by what was asked for. */
  readonly #held = new Map<string, Map<string, Held>>();
  #informer: Informer<PodCertificateRequest> | undefined;

  constructor(deps: PodCertificateDeps) {
    this.#deps = deps;
  }

  /**
   * The credential of a volume of a pod. The old one is given out until its renewal is issued. Rejects with Invalid while the first one
   * is not issued, and for good where the signer has denied it or failed.
   */
  async credentialFor(pod: Pod, projection: PodCertificateProjection, signal: AbortSignal): Promise<Credential> {
    const informer = this.#watch();
    await withDeadline(informer.hasSynced, 'requests for certificates', signal);
    const held = this.#heldFor(pod, projection);
    this.#take(pod, held, informer);
    const nowMs = this.#deps.clock.now();
    if (held.refusal === undefined && held.pending === undefined && nowMs >= held.renewAtMs) {
      await this.#request(pod, projection, held, signal);
      this.#take(pod, held, informer);
    }
    if (held.refusal !== undefined) throw new GantryError('Invalid', held.refusal);
    if (held.credential !== undefined) return held.credential;
    const { namespace } = pod.metadata;
    throw new GantryError('Invalid', `PodCertificateRequest ${namespace}/${held.pending?.name} is not issued yet`);
  }

  /** Uids of pods with a credential that is to be renewed, or a request that is to be made anew, now. */
  due(): string[] {
    const nowMs = this.#deps.clock.now();
    const isDue = ({ pending, refusal, renewAtMs }: Held): boolean =>
      refusal === undefined && (pending?.abandonAtMs ?? renewAtMs) <= nowMs;
    return [...this.#held].filter(([, held]) => held.values().some(isDue)).map(([uid]) => uid);
  }

  /** Forgets the keys of a pod that is gone. */
  release(uid: string): void {
    this.#held.delete(uid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#informer?.[Symbol.asyncDispose]();
  }

  #heldFor(pod: Pod, { signerName, keyType, maxExpirationSeconds, userAnnotations }: PodCertificateProjection): Held {
    const ofPod = this.#held.get(podUid(pod)) ?? new Map<string, Held>();
    this.#held.set(podUid(pod), ofPod);
    const id = JSON.stringify([signerName, keyType, maxExpirationSeconds, userAnnotations]);
    const held = ofPod.get(id) ?? { renewAtMs: 0 };
    ofPod.set(id, held);
    return held;
  }

  /** Takes in what has become of the request that is under way. */
  #take(pod: Pod, held: Held, informer: Informer<PodCertificateRequest>): void {
    const { pending } = held;
    if (pending === undefined) return;
    const { clock, random, recordEvent } = this.#deps;
    const name = `${pod.metadata.namespace}/${pending.name}`;
    const request = informer.get(name);
    if (request === undefined) {
      if (clock.now() >= pending.abandonAtMs) delete held.pending;
      return;
    }
    const { conditions = [], certificateChain = '', beginRefreshAt, notAfter } = request.status ?? {};
    for (const { type, reason, message } of conditions) {
      if (type === 'Issued') {
        held.credential = { key: pending.key, chain: certificatesIn(certificateChain).join('') };
        held.renewAtMs = Date.parse(String(beginRefreshAt ?? notAfter)) + random() * jitterMs;
        delete held.pending;
      } else if (type === 'Denied' || type === 'Failed') {
        const outcome = type === 'Denied' ? 'was denied' : 'failed';
        const shown = `reason=${JSON.stringify(reason)}, message=${JSON.stringify(message)}`;
        held.refusal = `PodCertificateRequest ${name} ${outcome}, ${shown}`;
        delete held.pending;
        recordEvent(pod, 'Warning', type, held.refusal);
      }
    }
  }

  async #request(pod: Pod, projection: PodCertificateProjection, held: Held, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    try {
      const { key, proof } = await makeKeyAndProof(projection.keyType ?? '');
      const created = await this.#create(pod, projection, proof, signal);
      held.pending = { name: created.metadata.name ?? '', key, abandonAtMs: clock.now() + abandonMs };
    } catch (error) {
      if (held.credential === undefined) throw error;
      held.renewAtMs = clock.now() + retryMs;
      log.warn({ error, pod: pod.metadata.name }, 'the certificate of a pod could not be renewed yet');
    }
  }

  async #create(pod: Pod, projection: PodCertificateProjection, proof: Buffer, signal: AbortSignal) {
    const { api, nodeName } = this.#deps;
    const { namespace = '', name: podName = '' } = pod.metadata;
    const { signerName, maxExpirationSeconds, userAnnotations } = projection;
    const serviceAccountName = pod.spec.serviceAccountName || defaultServiceAccount;
    const [account, node] = await Promise.all([
      api.get('ServiceAccount', { namespace, name: serviceAccountName }, { signal }),
      api.get('Node', { name: nodeName }, { signal }),
    ]);
    const owner = { apiVersion: 'v1', kind: 'Pod', name: podName, uid: podUid(pod) };
    return await api.create<PodCertificateRequest>(
      {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'PodCertificateRequest',
        metadata: { name: '', namespace, generateName: 'req-', ownerReferences: [owner] },
        spec: {
          ...{ signerName, podName, podUID: podUid(pod), serviceAccountName, nodeName },
          serviceAccountUID: account.metadata.uid ?? '',
          nodeUID: node.metadata.uid ?? '',
          stubPKCS10Request: proof.toString('base64'),
          ...(maxExpirationSeconds === undefined ? {} : { maxExpirationSeconds }),
          ...(userAnnotations === undefined ? {} : { unverifiedUserAnnotations: userAnnotations }),
        },
      },
      { signal },
    );
  }

  #watch(): Informer<PodCertificateRequest> {
    if (this.#informer !== undefined) return this.#informer;
    const { api, nodeName, log, onChange } = this.#deps;
    const source = watchSource(api, 'PodCertificateRequest', { fieldSelector: `spec.nodeName=${nodeName}` });
    const onError = (error: unknown): void => log.warn({ error }, 'requests for certificates cannot be watched');
    this.#informer = new Informer({ source, onError });
    this.#informer.start().onChange((change) => {
      const uid = (change.object ?? change.old)?.spec.podUID;
      if (uid !== undefined && this.#held.has(uid)) {
        contain(log, 'the change of a request for a certificate', () => onChange(uid));
      }
    });
    return this.#informer;
  }
}
